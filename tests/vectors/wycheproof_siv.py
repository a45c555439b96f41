#!/usr/bin/env python3
"""Reduce Project Wycheproof's AES-SIV vectors to a table: wycheproof_siv.h.

    wycheproof_siv.py aead_aes_siv_cmac_test.json [all] > wycheproof_siv.h

The JSON: https://github.com/C2SP/wycheproof, testvectors_v1/ (Apache 2.0), or
Debian's golang-github-c2sp-wycheproof-dev. Kept are the tests of 256-bit keys
(two of AES-128, the AEAD of NTS); without `all`, of each kind the first few.
"""
import json, sys

KEEP = 2
seen = {}
with open(sys.argv[1]) as f:
    groups = json.load(f)['testGroups']
print('/* Made by wycheproof_siv.py from Project Wycheproof (Apache 2.0),\n'
      ' * testvectors_v1/aead_aes_siv_cmac_test.json: key, nonce, data, text,\n'
      ' * tag and ciphertext, all in hex. */')
print('static const struct wycheproof wycheproof_siv[] = {')
for g in groups:
    if g['keySize'] != 256:
        continue
    for t in g['tests']:
        kind = (g['ivSize'], t['comment'].split(' ')[0], t['result'],
                len(t['msg']) // 32 % 4, len(t['aad']) // 32 % 3)
        seen[kind] = seen.get(kind, 0) + 1
        few = 'EdgeCaseSiv' in t['flags'] or \
            (seen[kind] <= KEEP and len(t['msg']) <= 140)
        if 'all' not in sys.argv and not few:
            continue
        print(f'    {{{t["tcId"]}, {str(t["result"] == "valid").lower()},')
        text = [t['key'], t['iv'], t['aad'], t['msg'], t['tag'] + t['ct']]
        for i, h in enumerate(text):
            rows = [h[j:j + 64] for j in range(0, len(h), 64)] or ['']
            print('     ' + '\n     '.join(f'"{r}"' for r in rows) +
                  ('},' if i == 4 else ','))
print('};')
