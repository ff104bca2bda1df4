"""table.py - the score of a run as a table for people."""


def share(value, n):
    """k/n"""
    return f"{value:g}/{n}"


def number(value, form="{:.3f}"):
    """- where nothing is known"""
    return "-" if value is None else form.format(value)


def mark(value):
    """yes, no, or not asked"""
    return "-" if value is None else "yes" if value else "NO"


HEAD = (f"{'':14}{'n':>3} {'correct':>8} {'95 % interval':>14} {'subject':>8}"
        f" {'undet':>6} {'false':>6} {'blame':>6} {'Brier':>6} {'t/s':>6}")


def line(name, of):
    """One group of scenarios."""
    low, high = of["wilson"]
    return (f"{name:14.14}{of['n']:>3} {of['correct']:>8g} "
            f"{f'{low:.2f}-{high:.2f}':>14} "
            f"{share(of['subject_top1'], of['n']):>8} "
            f"{of['undetermined']:>6} {of['false_confident']:>6} "
            f"{of['must_not_blame']:>6} {number(of['brier']):>6} "
            f"{number(of['median_time_s'], '{:.0f}'):>6}")


def scenario_line(row):
    """One scenario."""
    flags = [word for word, is_set in (
        ("FALSE-CONFIDENT", row["false_confident"]),
        ("blames " + ",".join(row["must_not_blame"]), row["must_not_blame"]),
        ("out of range", not row["in_range"])) if is_set]
    return (f"{row['id']:5}{row['class']:13}{row['told']:13}"
            f"{row['confidence']:5.2f} {row['verdict_correct']:3g} "
            f"{row['subject_top1']:3g} "
            f"{mark(row['trigger_kind']):>4}{mark(row['trigger_time']):>4} "
            f"{number(row['time_to_verdict_s'], '{:.0f}'):>4}  "
            f"{row['subject']}{'  ' if flags else ''}{'; '.join(flags)}")


def print_table(result, say=print):
    """Scenarios, classes, tags, baselines, goals."""
    say(f"{'':5}{'expected':13}{'told':13}{'conf':>5} ok  sub trigger "
        f"  t/s  subject")
    for row in result["scenarios"]:
        say(scenario_line(row))
    for row in result["not_run"]:
        say(f"{row['id']:5}{row['state']}: {row['why']}")
    for title, groups in (("by class", result["classes"]),
                          ("by tag", result["tags"])):
        say(f"\n{title}\n{HEAD}")
        for name, of in groups.items():
            say(line(name, of))
    total = result["all"]
    say(f"\n{HEAD}\n{line('all', total)}")
    say(f"subject exact {total['subject_exact']}, within three "
        f"{total['subject_top3']}; confidence in range "
        f"{total['in_range']}/{total['n']}; trigger kind "
        f"{number(total['trigger_kind'], '{:.0%}')}, time "
        f"{number(total['trigger_time'], '{:.0%}')}; onset "
        f"{number(total['onset'], '{:.0%}')}; secondary "
        f"{number(total['secondary'], '{:.0%}')}; severity "
        f"{number(total['severity'], '{:.0%}')}; report sections "
        f"{number(total['sections'], '{:.1f}')}; actions "
        f"{number(total['actions'], '{:.0%}')}")
    say("\nconfidence   said   right  95 % interval")
    for row in result["reliability"]:
        low, high = row["wilson"]
        say(f"  {row['from']:.1f}-{row['to']:.1f}  "
            f"{number(row['confidence'], '{:.2f}'):>6}  "
            f"{share(row['correct'], row['n']):>6}  {low:.2f}-{high:.2f}")
    say("Brier skill against the prior "
        f"{number(result['skill'], '{:.2f}')}")
    say("\nthe same evidence, judged otherwise")
    for name, of in result["baselines"].items():
        low, high = of["wilson"]
        say(f"  {name:20} correct {share(of['correct'], of['n']):>6} "
            f"({low:.2f}-{high:.2f})  false-confident "
            f"{of['false_confident']}  Brier {number(of['brier'])}")
    say("\n" + "  ".join(f"{name} {'met' if met else 'MISSED'}"
                         for name, met in result["goals"].items()))
