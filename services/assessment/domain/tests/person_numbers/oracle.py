"""Reads lines and says of each what the package `personnummer` takes it for: its twelve digits and kind, or `invalid`.

The first line is the day that counts as today."""

import datetime
import sys

import personnummer.personnummer as oracle

today = datetime.date.fromisoformat(sys.stdin.readline().strip())
oracle._get_current_date = lambda: today
for line in sys.stdin:
    try:
        number = oracle.parse(line.rstrip("\n"))
    except oracle.PersonnummerException:
        print("invalid")
        continue
    kind = "Coordination" if number.is_coordination_number() else "Personal"
    future = number.get_date() > today
    print("unborn" if future else f"{number.format(long_format=True)} {kind}")
