#!/usr/bin/env python3
"""Reduce Project Wycheproof's AES-GCM-SIV vectors to a table.

    wycheproof_gcm_siv.py aes_gcm_siv_test.json [all] > wycheproof_gcm_siv.h

The JSON: https://github.com/C2SP/wycheproof, testvectors_v1/ (Apache 2.0), or
Debian's golang-github-c2sp-wycheproof-dev. Kept are the tests of 128-bit
keys, the AEAD of NTS; without `all`, those of RFC 8452 (appendix C.1, all
24), of the counter that wraps (the RFC's own, C.3, are of AES-256), and of
each other kind the first few.
"""
import json
import sys

KEEP = 1
ALWAYS = {"Ktv", "WrappedIv"}
seen = {}
with open(sys.argv[1]) as f:
    groups = json.load(f)["testGroups"]
print("/* Made by wycheproof_gcm_siv.py from Project Wycheproof (Apache 2.0),\n"
      " * testvectors_v1/aes_gcm_siv_test.json: key, nonce, data, text,\n"
      " * ciphertext and tag, all in hex. */")
print("static const struct wycheproof wycheproof_gcm_siv[] = {")
for g in groups:
    if g["keySize"] != 128:
        continue
    for t in g["tests"]:
        kind = (t["comment"], t["result"], len(t["msg"]) // 32 % 4,
                len(t["aad"]) // 32 % 3)
        seen[kind] = seen.get(kind, 0) + 1
        few = ALWAYS & set(t["flags"]) or \
            (seen[kind] <= KEEP and len(t["msg"]) + len(t["aad"]) <= 300)
        if "all" not in sys.argv and not few:
            continue
        print(f'    {{{t["tcId"]}, {str(t["result"] == "valid").lower()},'
              f' {str("Ktv" in t["flags"]).lower()},')
        text = [t["key"], t["iv"], t["aad"], t["msg"], t["ct"] + t["tag"]]
        for i, h in enumerate(text):
            rows = [h[j:j + 64] for j in range(0, len(h), 64)] or [""]
            print("     " + "\n     ".join(f'"{r}"' for r in rows) +
                  ("}," if i == 4 else ","))
print("};")
