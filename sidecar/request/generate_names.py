#!/usr/bin/env python3.11
"""Writes tool_schema_names.inc: which characters a Python identifier takes, for tool_schema_regex.c.

    python3.11 sidecar/request/generate_names.py > sidecar/request/tool_schema_names.inc

The tables are those of the interpreter that runs it: Python 3.11 has Unicode 14.0, as the reference.
"""
import sys

OTHER, CONTINUE, START, DIGIT = range(4)


def class_of(code_point):
    character = chr(code_point)
    if character.isdecimal():
        return DIGIT
    if character.isidentifier():
        return START
    return CONTINUE if ("a" + character).isidentifier() else OTHER


def main():
    assert sys.version_info[:2] == (3, 11)
    print("/* Written by generate_names.py: code point << 2 | class, where a new class begins. */")
    print("static const uint32_t name_classes[] = {")
    before, line = None, "   "
    for code_point in range(sys.maxunicode + 1):
        name_class = class_of(code_point)
        if name_class == before:
            continue
        before = name_class
        word = f" {code_point << 2 | name_class:#x},"
        if len(line) + len(word) > 108:
            print(line)
            line = "   "
        line += word
    print(line)
    print("};")


main()
