#include "entropy_health.h"

bool entropy_health_word(struct entropy_health *h, uint32_t word)
{
    h->run = h->run > 0 && word == h->last ? h->run + 1 : 1;
    h->last = word;
    if (h->seen == ENTROPY_HEALTH_WINDOW)
        h->seen = 0;
    if (h->seen++ == 0) {
        h->first = word;
        h->same = 0;
    }
    h->same += word == h->first;
    if (h->run >= ENTROPY_HEALTH_RUN || h->same >= ENTROPY_HEALTH_SAME)
        h->failed = true;
    return !h->failed;
}
