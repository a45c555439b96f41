/* vc_model.h -- the firmware behind the mailbox, on the host: answers a
 * property message as it stands in memory, with the manners of real ones. */
#ifndef VC_MODEL_H
#define VC_MODEL_H

#include "core/base.h"

enum vc_ignorance { /* what becomes of a tag that it does not know */
                    VC_LEAVES_IT, /* no answer bit; the message's status 0x80000001 */
                    VC_LEAVES_ALL, /* the same, and the status stays 0               */
                    VC_NODS, /* the answer bit, and no bytes (QEMU)            */
};

enum { VC_MEASURED, VC_NOMINAL, VC_MAXIMUM, VC_RATES };

struct vc_model {
    bool silent;
    uint32_t unknown; /* this property; 0: it knows all */
    enum vc_ignorance ignorance;
    uint32_t revision, serial;
    uint8_t mac[6];
    uint32_t hz[16][VC_RATES]; /* by the mailbox's clock number */
    bool off[16];              /* measured as 0 until set       */
    uint32_t power;            /* the answer to all devices     */
    uint32_t pin[256];         /* expander: times set << 8 | level */
    unsigned messages;
};

/* The way it is after power-on, on a 3B. */
void vc_model_init(struct vc_model *f);

/* Answers the message at msg, unless it is silent; returns whether it did. */
bool vc_model_answer(struct vc_model *f, uint32_t *msg);

#endif
