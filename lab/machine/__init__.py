"""
One machine, from folders to a running systemd.

    accounts      the two users, as lines of the account files
    files         what makes the machine itself: names, keys, settings, masked units (pure)
    disk          the folders that its root file system is stacked from
    boot          a process that becomes the machine
    kernel_files  /proc, /sys, /dev and control groups as the machine sees them
    power         on, off, and the way in
    ssh           whether it answers
"""
