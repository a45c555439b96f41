/* `clients`: a line for each, as room comes. */
#include <string.h>

#include "clients.h"
#include "console_private.h"
#include "core/chronyc_text.h"

#define CLIENT_MAX 200 /* the line of one, or the header, with CR LF         */

void console_clients(void)
{
    char text[CLIENT_MAX];
    bool ke = strcmp(console_state.rest, "-k") == 0;
    if (*console_state.rest && !ke) {
        console_say("clients: knows -k alone, which shows key exchanges "
                    "instead of commands\n");
    } else if (!clients_log()) {
        console_say("clients: none are kept: nobody is served (allow, "
                    "cmdallow), or chrony.conf\nsays noclientlog\n");
    } else {
        (void)chronyc_clients_header(ke, text, sizeof text);
        console_say(text);
        console_state.client = 1;
        console_state.client_ke = ke;
    }
}

void console_clients_more(mono_ns now)
{
    while (console_state.client > 0 &&
           console_state.len + CLIENT_MAX < sizeof console_state.out) {
        char text[CLIENT_MAX] = "";
        const struct clientlog_client *c =
            &clients_log()->client[console_state.client - 1];
        if (c->addr.family != 0)
            (void)chronyc_client(c, now, console_state.client_ke, text,
                                 sizeof text);
        console_state.client = console_state.client == LIMIT_CLIENTS
                                   ? 0
                                   : console_state.client + 1;
        console_say(text);
    }
}
