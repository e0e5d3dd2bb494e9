# Whether a new version may take over: awk -f rollout.awk, with its errors and requests on a line.
{
    if ($2 == 0)
        print "wait"
    else if ($1 * 100 / $2 > 1)
        print "stop"
    else
        print "go"
}
