# Completion of vedette, vedette-agent and vedette-collector for bash.
# vedette itself knows what may come next; of the other two it is read from
# their help.

_vedette() {
	local IFS=$'\n'
	COMPREPLY=($(compgen -W "$(vedette complete \
		"${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1)" \
		-- "${COMP_WORDS[COMP_CWORD]}"))
}

_vedette_daemon() {
	local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} help
	if ((COMP_CWORD == 1)) && [[ $word != -* ]]; then
		help=$("$program" --help 2>/dev/null |
			sed -n "s/^ *${program##*/} \([a-z]*\).*/\1/p")
	else
		help=$("$program" --help 2>/dev/null;
			"$program" "${COMP_WORDS[1]}" --help 2>/dev/null)
		help=$(grep -o -e '--[a-z][a-z-]*' <<<"$help")
	fi
	COMPREPLY=($(compgen -W "$help" -- "$word"))
}

complete -o default -F _vedette vedette
complete -o default -F _vedette_daemon vedette-agent vedette-collector
