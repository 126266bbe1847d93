"""
May these hosts become clusters? Read-only: every command here looks, and only the S3 canary leaves and removes a trace.

    script      one POSIX shell script out of many small sections, and its answers taken apart again
    facts       what is asked of a host in one round trip
    parse_*     text in, values out; what cannot be read stays unknown and says why
    values      what is known about one host
    checks_*    facts and wishes in, verdict out; one small function per check
    paths       what is asked of a host in a second round trip: who can be reached from there
    check_*     the tasks and fleet steps
    rows        what each stage owes
"""
