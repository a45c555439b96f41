/* allow and deny lines as text, and who is served by them: what core/access
 * says of an address is what follows from the lines read one after the other
 * from the end.
 *
 * Input: lines. The first character: `a` allow, `d` deny, `A` and `D` the same
 * with all, anything else an address that is asked about; then the text. */
#include <stdlib.h>
#include <string.h>

#include "core/access.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(c)                                                               \
    do {                                                                       \
        if (!(c))                                                              \
            abort();                                                           \
    } while (0)

static struct access list;
static struct {
    struct addr_prefix net;
    bool allow, all;
} line[200];
static unsigned lines;

/* A line counts unless a later one is about the same subnet, or has `all` and
 * is about a wider one. */
static bool counts(unsigned i)
{
    for (unsigned j = i + 1; j < lines; j++)
        if (line[j].net.bits <= line[i].net.bits &&
            addr_in_prefix(&line[i].net.addr, &line[j].net) &&
            (line[j].all || line[j].net.bits == line[i].net.bits))
            return false;
    return true;
}

static bool expected(const struct addr *who)
{
    int longest = -1;
    bool allow = false;
    for (unsigned i = 0; i < lines; i++)
        if (counts(i) && line[i].net.bits > longest &&
            addr_in_prefix(who, &line[i].net)) {
            longest = line[i].net.bits;
            allow = line[i].allow;
        }
    return allow;
}

static void rule(const char *text, bool allow, bool all)
{
    struct addr_prefix net;
    if (access_parse(text, &net) != RC_OK || lines == LEN(line))
        return;
    CHECK(net.bits <= (net.addr.family == 4 ? 32 : 128));
    struct access before = list;
    if (access_add(&list, &net, allow, all) != RC_OK) {
        CHECK(list.count == LIMIT_ACCESS_RULES);
        CHECK(memcmp(&before, &list, sizeof list) == 0);
        return;
    }
    line[lines].net = net;
    line[lines].allow = allow;
    line[lines++].all = all;
    CHECK(access_allows(&list, &net.addr) == expected(&net.addr));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memset(&list, 0, sizeof list);
    lines = 0;
    for (size_t at = 0; at < size;) {
        char text[64] = "";
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t len = end ? (size_t)(end - data) - at : size - at;
        uint8_t what = len ? data[at] : 0;
        struct addr who;
        if (len > 0 && len <= sizeof text)
            memcpy(text, data + at + 1, len - 1);
        at += len + 1;
        if (what == 'a' || what == 'd')
            rule(text, what == 'a', false);
        else if (what == 'A' || what == 'D')
            rule(text, what == 'A', true);
        else if (addr_parse(text, &who) == RC_OK)
            CHECK(access_allows(&list, &who) == expected(&who));
    }
    return 0;
}
