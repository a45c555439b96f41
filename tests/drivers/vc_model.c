#include "vc_model.h"
#include <string.h>

void vc_model_init(struct vc_model *f)
{
    *f = (struct vc_model){
        .revision = 0xa02082,
        .serial = 0x12ab34cd,
        .mac = {0xb8, 0x27, 0xeb, 0xab, 0x34, 0xcd},
        .power = 1,
    };
    for (unsigned i = 0; i < 16; i++)
        for (unsigned k = 0; k < VC_RATES; k++)
            f->hz[i][k] = 400000000;
    f->hz[2][VC_MEASURED] = 47999000; /* measured: a little off */
    f->hz[2][VC_NOMINAL] = f->hz[2][VC_MAXIMUM] = 48000000;
    f->hz[1][VC_MEASURED] = 250001000;
    f->hz[1][VC_NOMINAL] = f->hz[1][VC_MAXIMUM] = 250000000;
}

/* Answers one tag in place: returns the length in bytes, or -1 for none. */
static int answer(struct vc_model *f, uint32_t property, uint32_t *v)
{
    unsigned clock = v[0] & 15;
    switch (property) {
    case 0x00000001:
        v[0] = 1713916800;
        return 4;
    case 0x00010002:
        v[0] = f->revision;
        return 4;
    case 0x00010003:
        memcpy(v, f->mac, sizeof f->mac);
        return 6;
    case 0x00010004:
        v[0] = f->serial;
        v[1] = 0;
        return 8;
    case 0x00010005:
        v[0] = 0;
        v[1] = 0x3c000000;
        return 8;
    case 0x00028001:
        v[1] = f->power;
        return 8;
    case 0x00030002:
        v[1] = f->hz[clock][VC_NOMINAL];
        return 8;
    case 0x00030004:
        v[1] = f->hz[clock][VC_MAXIMUM];
        return 8;
    case 0x00030047:
        v[1] = f->off[clock] ? 0 : f->hz[clock][VC_MEASURED];
        return 8;
    case 0x00038002:
        if (f->off[clock])
            f->hz[clock][VC_MEASURED] = v[1] + 1000;
        f->off[clock] = false;
        return 8;
    case 0x00030006:
        v[1] = 48312;
        return 8;
    case 0x00030046:
        v[0] = 0x50000;
        return 4;
    case 0x00038041:
        f->pin[v[0] & 255] = ((f->pin[v[0] & 255] >> 8) + 1) << 8 | v[1];
        v[0] = 0;
        return 8;
    default:
        return -1;
    }
}

bool vc_model_answer(struct vc_model *f, uint32_t *msg)
{
    f->messages++;
    if (f->silent)
        return false;
    uint32_t status = 0x80000000;
    for (uint32_t *tag = msg + 2; tag[0] != 0; tag += 3 + tag[1] / 4) {
        int len = tag[0] == f->unknown ? -1 : answer(f, tag[0], tag + 3);
        if (len >= 0)
            tag[2] = 0x80000000 | (uint32_t)len;
        else if (f->ignorance == VC_NODS)
            tag[2] = 0x80000000;
        else
            status = f->ignorance == VC_LEAVES_IT ? 0x80000001 : 0;
    }
    msg[1] = status;
    return true;
}
