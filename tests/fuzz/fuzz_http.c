/* A request of a stranger: however it comes cut, the same is understood; it is
 * done at the latest where its head is as long as may be, and its path is
 * printable and short. */
#include "core/http.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request whole = {0}, cut = {0};
    http_request_take(&whole, data, size);
    for (size_t at = 0; at < size;) {
        size_t n = 1 + data[at] % 7;
        n = n < size - at ? n : size - at;
        http_request_take(&cut, data + at, n);
        at += n;
    }
    ASSERT(memcmp(&whole, &cut, sizeof cut) == 0);
    if (!cut.done) {
        size_t blank = 0;
        while (blank < size && (data[blank] == '\r' || data[blank] == '\n'))
            blank++;
        ASSERT(size - blank < HTTP_REQUEST);
        return 0;
    }
    int status = http_answer(&cut);
    ASSERT(status == 200 || status == 400 || status == 405 || status == 431 ||
           status == 505);
    ASSERT(memchr(cut.path, 0, sizeof cut.path) != NULL);
    if (status == 200)
        for (const char *p = cut.path; *p; p++)
            ASSERT(*p > ' ' && *p <= '~');
    return 0;
}
