/* authselect.h -- chrony.conf's authselectmode, for conf and select: what
 * being authenticated (NTS) means for a source's selection options. */
#ifndef AUTHSELECT_H
#define AUTHSELECT_H

enum authselect {
    AUTHSELECT_MIX,     /* default: if there are both kinds, authenticated
                         * sources get trust and require                     */
    AUTHSELECT_REQUIRE, /* plain sources get noselect                        */
    AUTHSELECT_PREFER,  /* ... only if there is an authenticated one         */
    AUTHSELECT_IGNORE,  /* options as written                                */
};

#endif
