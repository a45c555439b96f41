/* limit.h -- every pool size and table length of the firmware. (Not limits.h:
 * that name is the compiler's.) */
#ifndef GNOMON_LIMITS_H
#define GNOMON_LIMITS_H

/* Sources: what chrony.conf may ask for, pools expanded. */
#define LIMIT_SOURCES      16
#define LIMIT_DHCP_SERVERS 4 /* of them, named by DHCP (dhcpservers)         */
#define LIMIT_DHCP_ROUTES  8 /* of option 121                                 */
#define LIMIT_NAME         256 /* a host name and its 0 (RFC 1035: 253)       */
#define LIMIT_LABEL        (LIMIT_NAME + 8) /* [name]:port                  */
#define LIMIT_TRUST_FILES  8  /* ntstrustedcerts lines                       */
#define LIMIT_TRUST_FOLDER 32 /* files of a folder that such a line names */
#define LIMIT_TRUST_FILE   262144 /* bytes of one: Debian's bundle has 222 K  */
#define LIMIT_TRUST_CERTS  64     /* certificates in them all                 */
#define LIMIT_TRUST_BYTES  65536  /* their DER                                */
#define LIMIT_CONF_BYTES   131072 /* chrony.conf, and what it is including    */
#define LIMIT_CONF_ERRORS  48
#define LIMIT_CONF_FILES   32 /* that name each other                         */
#define LIMIT_CONF_DEPTH   8
#define LIMIT_CONF_PATH    96 /* of a file, in reports                        */

/* Names. A source may ask for two: its own, and that of the NTP server which
 * a key exchange names. */
#define LIMIT_NAMESERVERS   3  /* of chrony.conf                              */
#define LIMIT_SYSLOG        4  /* log servers of it                           */
#define LIMIT_DNS_ADDRESSES 16 /* of one name, both families                 */
#define LIMIT_DNS_SERVERS   8  /* DHCP's 3, routers' 2, chrony.conf's       */
#define LIMIT_DNS_QUESTIONS (2 * LIMIT_SOURCES)
#define LIMIT_DNS_ACTIVE    8    /* asked at once; the others wait            */
#define LIMIT_DNS_QUERIES   48   /* ports open for their answers              */
#define LIMIT_DNS_TCP       4096 /* the longest answer over TCP               */

/* NTS (RFC 8915). Cookies seen: 64..104 bytes; the RFC sets no limit. */
#define LIMIT_COOKIES    8
#define LIMIT_AEADS      4 /* offered in a key exchange */
#define LIMIT_COOKIE     256
#define LIMIT_KE_MESSAGE 4096 /* a whole NTS-KE answer                      */
#define LIMIT_NTP_PACKET 1280 /* our longest request: 8 cookies of 104 B  */

/* Serving: allow and deny lines, clients remembered (chrony's 4096 would take
 * 300 KB), and replies whose stamps an interleaved client may come back for. */
#define LIMIT_ACCESS_RULES  64
#define LIMIT_CLIENTS       1024
#define LIMIT_NTS_SESSIONS  512
#define LIMIT_SERVER_STAMPS 1024

/* TLS: sessions side by side, each with memory of its own for buffers, the
 * longest chain and bignums, and what is common to them (README: measured). */
#define LIMIT_TLS_SESSIONS   3
#define LIMIT_TLS_CHAIN      6 /* certificates that a server may present      */
#define LIMIT_TLS_SIGNATURES 8 /* verifications to find its way to a root     */
#define LIMIT_TLS_NAMES      524288 /* names times bytes of constraints  */

#define LIMIT_TLS_SESSION_ARENA (55 * 1024)
#define LIMIT_TLS_COMMON        (7 * 1024)
#define LIMIT_TLS_ARENA                                                        \
    (LIMIT_TLS_COMMON + LIMIT_TLS_SESSIONS * LIMIT_TLS_SESSION_ARENA)

/* NTS-KE server: sessions side by side, each with memory of its own, so that no
 * stranger can use up our own client's; pairs of key and certificate, and what
 * they take together once they are read. chrony's 100 connections would take
 * 3.6 MB here. */
#define LIMIT_KE_SESSIONS      16
#define LIMIT_KE_PER_ADDRESS   4    /* of them, of one address                */
#define LIMIT_KE_REQUEST       2048 /* bytes of one; chrony's have 26 to 38   */
#define LIMIT_KE_PAIRS         8
#define LIMIT_KE_CHAIN         6    /* certificates of one file               */
#define LIMIT_KE_CERT          8192 /* bytes of one certificate or key, DER   */
#define LIMIT_KE_FILE          32768 /* bytes of a file with keys or such     */
#define LIMIT_KE_PAIRS_ARENA   (96 * 1024)
#define LIMIT_KE_SESSION_ARENA (40 * 1024)
#define LIMIT_KE_ARENA                                                         \
    (LIMIT_KE_PAIRS_ARENA + LIMIT_KE_SESSIONS * LIMIT_KE_SESSION_ARENA)

/* Network: sockets and connections at once, those that wait for their peer's
 * last word included, and frames in the network's hands. */
/* Each source's, servers', log servers'. */
#define LIMIT_UDP_SOCKETS (LIMIT_SOURCES + 4 + LIMIT_SYSLOG)
/* Strangers' connections come on top: those of the NTS-KE server, those that
 * are only begun, and those that are closing. */
#define LIMIT_TCP_OWN     (LIMIT_TLS_SESSIONS + 6) /* one for names */
#define LIMIT_TCP_BEGUN   16
#define LIMIT_TCP_CLOSING 16
#define LIMIT_TCP_CONNECTIONS                                                  \
    (LIMIT_TCP_OWN + LIMIT_KE_SESSIONS + LIMIT_HTTP_CONNECTIONS +              \
     LIMIT_TCP_BEGUN + LIMIT_TCP_CLOSING)
#define LIMIT_TCP_LISTENERS 3
#define LIMIT_TCP_DISORDER  4  /* frames of one, out of order           */
#define LIMIT_TCP_UNREAD    12 /* frames of one that nobody has read yet    */
#define LIMIT_TCP_UNREAD_IN 3  /* of one that a stranger has made           */
#define LIMIT_RX_FRAMES     184
#define LIMIT_TX_FRAMES     16
#define LIMIT_GROUPS        8 /* multicast addresses: LAN78xx's filter   */

/* The name on the network: _http, _ntp, _ntske; questions kept until the rest
 * of what they say has come. */
#define LIMIT_MDNS_SERVICES 3
#define LIMIT_MDNS_STORED   4

/* HTTP: requests at once; of more the oldest gives way. */
#define LIMIT_HTTP_CONNECTIONS 3

/* Log ring. */
#define LIMIT_LOG_LINES 256
#define LIMIT_LOG_LINE  240
/* Lines that one call of core/timekeeper may make: one a source, some more. */
#define LIMIT_CLOCK_EVENTS (LIMIT_SOURCES + 8)

/* Journal: payload of one record; how many (type, id) it can hold. */
#define LIMIT_JOURNAL_DATA 2560
#define LIMIT_JOURNAL_KEYS 24

#endif
