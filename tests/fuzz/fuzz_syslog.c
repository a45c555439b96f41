/* Names and texts of the log, as a syslog message: whatever is in them, it is
 * one line of ASCII, its head is whole, and nothing in it can be taken for a
 * second message.
 *
 * Input: flags (1 byte), a severity (1), a time (8), a bound (8), a host name,
 * 0, a text. */
#include <string.h>

#include "core/bytes.h"
#include "core/logring.h"
#include "core/syslog.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    static struct logring ring;
    char names[400], out[SYSLOG_MAX];
    uint32_t missed;
    if (len < 18 || len > 18 + sizeof names - 2)
        return 0;
    memset(names, 0, sizeof names);
    memcpy(names, in + 18, len - 18);
    const char *text = names + strlen(names) + 1;
    ring.next = ring.kept = 0;
    uint32_t at = 0;
    logring_add(&ring, 0, LOG_INFO, text);
    struct syslog_line l = {
        .hostname = names,
        .timed = in[0] & 1,
        .synced = in[0] & 2,
        .severity = in[1],
        .unix_s = (int64_t)bytes_get64(in + 2) % INT64_C(4000000000000),
        .ns = (uint32_t)bytes_get64(in + 2) % 1000000000,
        .bound_ns = (int64_t)bytes_get64(in + 10),
        .uptime = (int64_t)bytes_get64(in + 10),
        .number = in[0],
        .text = in[0] & 4 ? text : logring_read(&ring, &at, &missed),
    };
    size_t n = syslog_format(&l, out, sizeof out);
    ASSERT(n == strlen(out) && out[0] == '<');
    for (size_t i = 0; i < n; i++)
        ASSERT(out[i] >= ' ' && out[i] <= '~');
    /* PRI VERSION TIME HOST APP PROCID MSGID, then two elements. */
    const char *p = out;
    for (int i = 0; i < 6; i++) {
        p = strchr(p, ' ');
        if (!p)
            return 0; /* a host name as long as the message */
        p++;
    }
    ASSERT(n == sizeof out - 1 || strncmp(p, "[timeQuality ", 13) == 0);
    return 0;
}
