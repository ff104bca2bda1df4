# Completion of vedette for fish: the program knows what may come next.

function __vedette_complete
	set -l words (commandline -opc) (commandline -ct)
	vedette complete $words[2..] 2>/dev/null
end

complete -c vedette -a '(__vedette_complete)'
