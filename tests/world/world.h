/* world.h -- the firmware in a world whose time moves only when a test
 * says so. Private to tests/world.
 *
 * Two processes. The test (case.c, test_attacks.c) is the script; each
 * boot is a child that it forks, in which run the whole firmware
 * (port_sim.c is its machine) and the network around it (net_*.c: one
 * Ethernet, a DHCP and a DNS server, and servers whose TLS and AES-SIV are
 * OpenSSL's, so that no peer shares code with us). `w` is memory that both
 * see: what outlives a power cut (the card, the servers' keys, the true
 * time) and what the script reads and turns. They take turns: the child runs
 * until w->stop or until it has said w->wanted, then waits.
 *
 * Times: ticks are the board's counter (SIM_HZ, since boot); true time is
 * Unix ns, which the counter follows SIM_PPM too fast. */
#ifndef WORLD_H
#define WORLD_H

#include "core/base.h"
#include "core/mono.h"

#define SIM_HZ         50000000u
#define SIM_PPM        20 /* how much too fast the board's counter is  */
#define SIM_SERVERS    8
#define SIM_EXIT_RESET 3          /* how a child ends: by itself,             */
#define SIM_EXIT_CUT   4          /* by w->cut_after                          */
#define SIM_STATE      (4u << 20) /* bytes of the card that are written       */
#define SIM_CONSOLE    (1u << 20)
#define SIM_COOKIES    65536
#define SIM_LINK_NS    (5 * MONO_MS) /* one way, each way                     */
#define SIM_DNS_TRUE   -1
#define SIM_DNS_DEAD   -2
#define SIM_DNS_FAILS  -3 /* SERVFAIL                                   */
#define SIM_DNS_NONE   -4 /* NXDOMAIN                                   */
#define SIM_ROUTER     0x0a000001u
#define SIM_EVIL       0x0a000042u
#define SIM_SERVER_0   0x0a000101u
#define SIM_BOARD      0x0a000064u /* 10.0.0.100, DHCP's at first      */
#define SIM_DAY        INT64_C(86400)
#define SIM_YEAR       (365 * SIM_DAY)

/* what a server does with an NTS-KE connection */
enum sim_ke {
    KE_OK,
    KE_REFUSE,       /* RST                                                  */
    KE_DEAF,         /* not even a SYN-ACK                                   */
    KE_HANG,         /* takes the connection, says nothing                   */
    KE_HANG_ANSWER,  /* TLS, then nothing                                    */
    KE_DRIP,         /* one byte a second                                    */
    KE_SLICED,       /* the answer in TLS records of one byte                */
    KE_COOKIES_MANY, /* 40 of them                                           */
    KE_COOKIES_ODD,  /* of 0, 3, 300 and 5000 bytes, and one that is good    */
    KE_COOKIES_NONE,
    KE_NAMES_OTHER, /* Server and Port records: to_server, to_port          */
    KE_ENDLESS,     /* small records without end                            */
    KE_ERROR,       /* Error record 2                                       */
};

/* what becomes of NTP with a server */
enum sim_ntp {
    NTP_OK,
    NTP_SILENT,       /* no reply comes                                       */
    NTP_NAK_FIRST,    /* a forged NAK comes before each reply                 */
    NTP_NAK_ONLY,     /* and the reply does not                               */
    NTP_REPLAY,       /* instead of the reply the very first one again        */
    NTP_REPLAY_FIRST, /* that, then the reply                                */
    NTP_TAMPER,       /* a bit of the transmit timestamp flipped              */
    NTP_PLAIN,        /* the reply without its extension fields               */
};

struct sim_server { /* nts1.test is server 0, 10.0.1.1                       */
    enum sim_ke ke;
    enum sim_ntp ntp;
    int64_t lie_ns;           /* its clock less the truth                    */
    int64_t cert_lo, cert_hi; /* Unix s                                      */
    bool stranger;            /* its certificate is of a CA we do not know   */
    int64_t up_ns, down_ns;   /* NTP, one way                                */
    int64_t jitter_ns;        /* NTP, added to each way, up to so much       */
    unsigned lost, twice;     /* of 1000 packets of NTP, each way            */
    uint32_t keys;            /* which its cookies are sealed with           */
    unsigned to_server;       /* KE_NAMES_OTHER                              */
    unsigned alias;           /* its name's address is of server alias - 1   */
    double root_delay_s;      /* 0: 0.24 ms                                  */
    uint16_t ntp_port;        /* where its NTP is, 123                       */
    char kiss[5];        /* kiss code of its replies; "": none               */
    unsigned kiss_every; /* of so many replies one; 0: all                   */
    bool kiss_plain;     /* without NTS, whatever the request has            */
    bool kiss_forged;    /* another one's: the reply comes after it          */
    uint8_t version;     /* of its replies; 0: 4                             */
    uint8_t stratum, leap;
    double root_disp_s;
    uint8_t asked_version; /* of the last request                            */
    int64_t asked_ns, gap_ns; /* true time of it, and since the one before   */
    unsigned connections, exchanges, requests, plain, naks, replies;
    uint8_t first_reply[1280]; /* NTP_REPLAY's                               */
    size_t first_reply_len;
};

/* what strangers send (net_flood.c), and where from */
enum sim_flood {
    FLOOD_PING,
    FLOOD_UDP, /* to a port that nobody listens on                          */
    FLOOD_SYN, /* likewise                                                  */
    FLOOD_ARP_ASK,
    FLOOD_ARP_SAY,
    FLOOD_ARP_CLAIM, /* the router's address                                 */
    FLOOD_NTP, /* replies that claim to be the servers'                     */
    FLOOD_DNS, /* answers that claim to be the router's                     */
    FLOOD_FRAGMENT,
    FLOOD_IGMP,
    FLOOD_PING6,
    FLOOD_NS, /* neighbour solicitations, router advertisements ...         */
    FLOOD_RA,
    FLOOD_MLD,
    FLOOD_NA,
    FLOOD_NA_CLAIM,  /* the router's address                                 */
    FLOOD_RA_ROUTER, /* in the router's name, each with another prefix and
                      * another name server                                  */
    FLOOD_RA_END,    /* in its name, too: it is no router any more           */
    FLOOD_UDP6,      /* to a port that nobody listens on                     */
    FLOOD_SYN6,      /* likewise                                             */
    FLOOD_OPTIONS6,  /* options of unknown kinds, which ask for an answer    */
    FLOOD_TOO_BIG6,
    FLOOD_BROADCAST,   /* ping to all                                        */
    FLOOD_UNREACHABLE, /* in answer to the board's requests                  */
    FLOOD_DHCP,        /* offers, confirmations and refusals, to port 68     */
    FLOOD_MDNS,
    FLOOD_SYN_PAGE, /* to port 80                                            */
    FLOOD_SYN_KEYS, /* to port 4460                                          */
    FLOOD_ASK,      /* what a client of the board's sends                     */
    FLOOD_ASK_ODD,  /* any version, mode and length                          */
    FLOOD_ASK_SAME, /* one request, over and over                            */
    FLOOD_ASK_BACK, /* replies to its server's port                          */
    FLOOD_NTS_REPLAY, /* what the board's NTS client has asked, all of it    */
    FLOOD_NTS_FORGED, /* with a cookie of one's own, the authenticator wrong */
    FLOOD_NTS_OWN, /* with one's own cookie and keys: one cookie, each new    */
    FLOOD_NTS_ODD, /* fields of NTS in disorder                              */
    FLOOD_COMMAND, /* chronyc's                                            */
    FLOOD_GARBAGE, /* to chronyc's port                                     */
    FLOOD_KINDS,
};
enum sim_flood_from {
    FLOOD_UNKNOWN, /* addresses of our network that nobody answers for      */
    FLOOD_KNOWN,   /* one that answers                                      */
    FLOOD_FAR,
    FLOOD_WORLD, /* millions, by way of the router                          */
};

/* What is seen of the clock from beside it, at every pass of the loop in a new
 * tenth of a second (witness.c). Errors are clock - truth. */
struct sim_witness {
    bool set;                /* now                                          */
    int64_t error_ns;        /* now, while set                               */
    int64_t bound_ns;        /* what it says: root delay / 2 + dispersion    */
    int64_t floor_s;         /* the time floor now, Unix s                   */
    int64_t lost_ns, got_ns; /* true time when it was last not set, set      */
    unsigned looks, wrong, high; /* wrong: beyond the bound; high: a floor
                                  * above the truth                          */
    int64_t wrong_at_ns, wrong_ns, wrong_bound_ns; /* the first of them      */
    int64_t high_at_ns, high_s;
};

struct sim_world {
    uint64_t seed;
    unsigned boots;
    int64_t boot_ns; /* true time at the last boot                       */
    uint64_t ticks;  /* the board's counter                              */
    /* The turn. */
    uint64_t stop;    /* ticks                                            */
    char wanted[128]; /* "": none                                         */
    bool found;
    /* The console since the last boot; `mark` is where `wanted` is looked
     * for from. */
    char text[SIM_CONSOLE];
    size_t len, mark;
    char input[256];
    size_t input_len, input_at;
    int64_t asked_ns; /* true time when the last Return was read          */
    /* The network. */
    bool link;
    bool no_entropy;
    int tx_rc; /* what the MAC makes of each frame: RC_OK, or RC_AGAIN: its
                * ring is full, RC_IO                                        */
    uint32_t starts, crashes; /* port_info.boots, .crashes                   */
    bool eth_silent, eth_foreign; /* port_info                               */
    struct {                      /* the LED's edges, the first ones         */
        uint64_t ticks;
        bool lit;
    } led[512];
    unsigned led_count; /* of this boot; more may be counted than kept      */
    int dns_lie;        /* every name is this server; or SIM_DNS_...        */
    bool ip6;           /* a router advertises a prefix, names have AAAA  */
    bool names6;        /* names have AAAA even where there is no router    */
    bool only6;         /* and no A                                         */
    unsigned dead4, dead6; /* a bit for each server: nobody is at that
                            * address of it                                 */
    uint32_t dns_ttl_s; /* 0: 30                                             */
    unsigned mtu; /* longer packets to and from servers vanish; 0: none     */
    bool dns_dead_first; /* an address of nobody before the true one         */
    uint32_t address;    /* that DHCP gives; no other is routed              */
    uint32_t lease_s;
    bool dhcp_dead;      /* no answer                                        */
    bool dhcp_nak;       /* each REQUEST is refused                           */
    bool dhcp_other;     /* and, before the server's answer, by another one  */
    unsigned dhcp_heard; /* messages of the board's                       */
    bool dhcp_no_router, dhcp_no_dns; /* without option 3, 6             */
    unsigned router; /* which of two machines is the router          */
    bool announces;  /* it says so once, and it is done              */
    bool arp_dead;   /* nobody answers for any address                   */
    bool dhcp_evil;  /* DHCP names 10.0.0.66 as DNS server and router,
                          * and the last server for NTP (option 42)          */
    struct {
        enum sim_flood kind;
        enum sim_flood_from from;
        unsigned per_s; /* 0: none                                       */
        bool tagged;    /* with a priority tag                           */
    } flood;
    struct { /* an honest client of the board's, at the address that answers  */
        unsigned every_ms; /* 0: there is none                               */
        bool nts;          /* chrony.conf has key.pem and cert.pem          */
        unsigned asked, answered;
    } client;
    unsigned ntp_out, cmd_out; /* the board's answers, on the wire            */
    bool mirror; /* and each comes back to where it came from                */
    struct sim_server server[SIM_SERVERS];
    uint64_t cookie[SIM_COOKIES]; /* hashes of those that came               */
    uint64_t cookie_id[SIM_COOKIES]; /* with which request                   */
    unsigned cookies, repeats;
    uint64_t path_random;
    struct sim_witness witness;
    /* The card. Of the boot partition only REPORT.TXT may be written, if it is
     * there (sim_report): any other write is counted, and fails. */
    uint32_t report_lba, report_blocks; /* blocks 0: not there              */
    unsigned report_writes, stray_writes;
    uint8_t state[SIM_STATE];
    unsigned writes;
    bool card_gone;      /* pulled: nothing is read nor written             */
    unsigned card_fails; /* of 1000 writes                                  */
    unsigned cut_after;  /* writes; then the power fails in the next one     */
    enum sim_cut {
        CUT_DROPPED, /* nothing of it arrives                            */
        CUT_TORN,    /* its first half                                   */
        CUT_GARBLED, /* as many bytes, of anything                       */
        CUT_AFTER,   /* all, but nobody is told                          */
        CUT_KINDS,
    } cut;
};
extern struct sim_world *w;

int64_t sim_true_ns(void); /* now                                      */
uint64_t sim_ticks_of(int64_t ns); /* a span                                 */
_Noreturn void sim_broken(const char *why); /* the simulation itself         */

/* port_sim.c: fat is the card's image up to its state partition. */
_Noreturn void port_sim_run(uint8_t *fat, size_t fat_len, int up, int down);

/* net_ether.c. Frames and timers that are due at or before w->ticks. */
void simnet_start(void);
void simnet_run(void);
uint64_t simnet_next(void); /* ticks, UINT64_MAX: nothing                    */
void simnet_out(const uint8_t *frame, size_t len); /* the board sends    */
int simnet_in(uint8_t *buf, size_t cap, uint64_t *stamp); /* and receives    */
void simnet_later(int64_t ns, void (*call)(void *), void *arg);
/* An IPv4 packet to the board, from a server. */
void simnet_ip(unsigned server, uint8_t protocol, uint8_t *payload, size_t len,
               int64_t delay_ns);
/* A datagram to the board, from anybody near. */
void simnet_udp(uint32_t from, uint16_t from_port, uint32_t to,
                uint16_t to_port, uint8_t *msg, size_t len);
/* A frame to the board, as it stands. */
void simnet_frame(const uint8_t *frame, size_t len);
void simnet_frame_late(const uint8_t *frame, size_t len, int64_t delay_ns);
/* A packet of the board's has reached a server. */
void simnet_at_server(unsigned server, uint8_t protocol, const uint8_t *payload,
                      size_t len);
void simnet_board_mac(uint8_t mac[6]);
void simnet_board_link6(uint8_t addr[16]); /* its link-local address          */
uint16_t simnet_sum(uint32_t sum, const uint8_t *p, size_t len);

/* net_dhcp.c: a message of the board's has come. */
void simdhcp_message(const uint8_t *m, size_t len);

/* net_ip6.c: a frame of IPv6 from the board; the server that it is for, or -1;
 * that server's address; a packet from a server, if the board's last one from
 * that port came by IPv6, else false; and that it came by IPv4. */
void simnet6_start(void);
void simnet6_arrived(const uint8_t *frame, size_t len);
int simnet6_server(const uint8_t *frame, size_t len);
void simnet6_address(unsigned server, uint8_t addr[16]);
bool simnet6_send(unsigned server, uint8_t protocol, uint8_t *payload,
                  size_t len, int64_t delay_ns);
void simnet6_by_ip4(uint8_t protocol, uint16_t port);
/* Tells whether the board's last packet from that port came by IPv6. */
bool simnet6_is(uint8_t protocol, uint16_t port);

/* net_path.c: what becomes of a packet of NTP: each copy's way takes so much
 * longer. Returns how many arrive, 0 to 2. */
unsigned simpath_copies(unsigned server, int64_t extra_ns[2]);
unsigned simpath_random(unsigned below);
/* Tells whether a packet of so many bytes behind its IP header, of this port of
 * the board's, is longer than what the path takes. */
bool simpath_too_long(uint8_t protocol, size_t len, uint16_t port);

/* witness.c */
void simwitness_look(void);

/* net_flood.c: called by net_ether.c with time. */
void simflood_run(void);
uint64_t simflood_next(void); /* ticks                                       */
/* A datagram of the board's that is for no server's. */
void simflood_heard(uint32_t to, uint16_t from_port, uint16_t to_port,
                    const uint8_t *msg, size_t len);

/* net_tcp.c */
struct sim_tcp;
void simtcp_segment(unsigned server, const uint8_t *seg, size_t len);
void simtcp_send(struct sim_tcp *c, const uint8_t *p, size_t len);
void simtcp_close(struct sim_tcp *c); /* once all is sent                    */
unsigned simtcp_server(const struct sim_tcp *c);

/* net_ke.c: TLS and NTS-KE over such a connection. */
void simke_setup(void); /* once, before any boot: the CAs                    */
const char *simke_ca_pem(void);
const char *simke_board_pem(bool key); /* files key.pem and cert.pem         */
void *simke_open(struct sim_tcp *c);
void simke_input(void *ke, const uint8_t *p, size_t len);
void simke_free(void *ke);

/* net_ntp.c */
#define SIM_COOKIE 100
void simntp_cookie(unsigned server, const uint8_t c2s[32],
                   const uint8_t s2c[32], uint8_t out[SIM_COOKIE]);
void simntp_request(unsigned server, uint16_t client_port, const uint8_t *msg,
                    size_t len);

#endif
