/* lwIP as Gnomon uses it: raw API from the superloop, static pools, IPv4 and
 * IPv6, no checks that cost seconds at boot. */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#include "core/limit.h"

#define NO_SYS                     1
#define SYS_LIGHTWEIGHT_PROT       0
#define LWIP_SOCKET                0
#define LWIP_NETCONN               0

/* Memory: everything static, by the sizes of core/limit.h. lwIP's own timers
 * are all it has: it counts them itself. */
#define MEM_LIBC_MALLOC            0
#define MEMP_MEM_MALLOC            0
#define MEM_ALIGNMENT              8
#define MEM_SIZE                   (36 * 1024 + /* outgoing pbufs            */ \
                                    (LIMIT_KE_SESSIONS + LIMIT_TCP_CLOSING + \
                                     LIMIT_HTTP_CONNECTIONS) * \
                                    (TCP_SND_BUF + 512)) /* unacknowledged:
                                    * a stranger's uses up none of ours    */
#define MEMP_NUM_PBUF              32
#define MEMP_NUM_UDP_PCB           (LIMIT_UDP_SOCKETS + LWIP_DHCP + \
                                    LIMIT_DNS_QUERIES + LWIP_MDNS_RESPONDER)
#define MEMP_NUM_SYS_TIMEOUT       (LWIP_NUM_SYS_TIMEOUT_INTERNAL + \
                                    11 + MDNS_MAX_STORED_PKTS) /* mdns.c's:
                                    * five a family, its probes, and one for
                                    * each question that is not complete   */
#define MEMP_NUM_TCP_PCB           LIMIT_TCP_CONNECTIONS
#define MEMP_NUM_TCP_PCB_LISTEN    LIMIT_TCP_LISTENERS
#define MEMP_NUM_TCP_SEG           (LIMIT_TCP_CONNECTIONS * \
                                    (TCP_SND_QUEUELEN + \
                                     TCP_OOSEQ_MAX_PBUFS + 1)) /* each its own */
#define MEMP_NUM_FRAG_PBUF         8
#define MEMP_NUM_ARP_QUEUE         (2 * LIMIT_DNS_ACTIVE + LIMIT_SOURCES)
#define MEMP_NUM_ND6_QUEUE         MEMP_NUM_ARP_QUEUE
#define MEMP_SANITY_CHECK          1 /* a double free ends in panic()        */
#define PBUF_POOL_SIZE             8 /* lwIP checks; frames have their own   */
#define PBUF_POOL_BUFSIZE          1536
#define LWIP_SUPPORT_CUSTOM_PBUF   1
#define LWIP_NETIF_TX_SINGLE_PBUF  1

/* IPv4. */
#define LWIP_IPV4                  1
#define LWIP_ARP                   1
#define ARP_QUEUEING               1
#define ARP_QUEUE_LEN              (2 * LIMIT_DNS_ACTIVE) /* to one address:
                                    * at the start all names are asked at
                                    * once, A and AAAA                     */
#define ARP_TABLE_SIZE             (LIMIT_SOURCES + 8)
#define ETHARP_SUPPORT_STATIC_ENTRIES 0
#define IP_REASSEMBLY              0 /* nothing of ours comes in fragments,
                                    * and they let a stranger who is not on
                                    * the path splice his bytes into DNS   */
#define IP_FRAG                    1
#define LWIP_ICMP                  1
#define LWIP_DHCP                  1
#define LWIP_DHCP_DOES_ACD_CHECK   0 /* 7 s before the first packet          */
#define LWIP_DHCP_MAX_DNS_SERVERS  3
#define LWIP_DHCP_GET_NTP_SRV      1 /* told to whoever asked: dhcpservers   */
#define LWIP_DHCP_MAX_NTP_SERVERS  LIMIT_DHCP_SERVERS
#define DHCP_ADD_EXTRA_REQUEST_OPTIONS , 121 /* classless static routes      */
#define LWIP_HOOK_FILENAME         "net_hooks.h"
#define LWIP_HOOK_DHCP_PARSE_OPTION(n, d, state, msg, type, option, len, p, at) \
    net_dhcp_option(option, len, p, at)
#define LWIP_HOOK_ETHARP_GET_GW(n, to) net_next_hop(to)
/* A lease may be as short as a minute, and shorter: its times are counted in
 * seconds, and a request is repeated at half of what is left. A switch port
 * may pass nothing for half a minute: DISCOVER is repeated at last every 16 s. */
#define DHCP_COARSE_TIMER_SECS     1
#define DHCP_TIMEOUT_SIZE_T        u32_t
#define DHCP_DEFINE_CUSTOM_TIMEOUTS 1
#define DHCP_SET_TIMEOUT_FROM_OFFERED_T0_LEASE(r, d) ((r) = net_dhcp_t0(d))
#define DHCP_SET_TIMEOUT_FROM_OFFERED_T1_RENEW(r, d) ((r) = net_dhcp_t1(d))
#define DHCP_SET_TIMEOUT_FROM_OFFERED_T2_REBIND(r, d) ((r) = net_dhcp_t2(d))
#define DHCP_NEXT_TIMEOUT_THRESHOLD 2
#define DHCP_REQUEST_BACKOFF_SEQUENCE(tries) \
    (u16_t)(((tries) < 4 ? 1 << (tries) : 16) * 1000)
#define LWIP_NETIF_HOSTNAME        1
#define LWIP_ACD                   0
#define LWIP_AUTOIP                0

#define LWIP_IGMP                  1
#define MEMP_NUM_IGMP_GROUP        2 /* all hosts, and mDNS                  */

/* IPv6: addresses and name servers by router advertisement. */
#define LWIP_IPV6                  1
#define LWIP_IPV6_MLD              1
#define MEMP_NUM_MLD6_GROUP        5 /* of each address, and mDNS            */
#define LWIP_IPV6_REASS            0
#define LWIP_IPV6_AUTOCONFIG       1
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS 1
#define LWIP_IPV6_NUM_ADDRESSES    7 /* the link's; net_own6.c
                                    * chooses among the others            */
#define LWIP_ND6_RDNSS_MAX_DNS_SERVERS 2
#define LWIP_ND6_NUM_NEIGHBORS     ARP_TABLE_SIZE
#define LWIP_ND6_NUM_DESTINATIONS  ARP_TABLE_SIZE
#define LWIP_IPV6_DHCP6            0
#define LWIP_ICMP6                 1
#define LWIP_ND6_QUEUEING          1

/* Names: core/resolver asks for them, lwIP's dns.c is not built. It is on for
 * DHCP and router advertisements, which tell of name servers only then: they
 * call net_dns.c.                                                           */
#define LWIP_DNS                   1
#define DNS_MAX_SERVERS            5

/* The name on the network: announced, and nothing is asked for: the search of
 * 2.2.1 writes beyond a buffer. */
#define LWIP_MDNS_RESPONDER        1
#define LWIP_MDNS_SEARCH           0
#define LWIP_NUM_NETIF_CLIENT_DATA 1
#define MDNS_MAX_SERVICES          LIMIT_MDNS_SERVICES
#define MDNS_MAX_STORED_PKTS       LIMIT_MDNS_STORED

/* Transport. */
#define LWIP_UDP                   1
#define LWIP_TCP                   1
#define TCP_MSS                    1220 /* what every path of IPv6 takes (RFC
                                         * 8200 section 5): word that one takes
                                         * less may be filtered on the way   */
#define TCP_WND                    (8 * TCP_MSS)
#define TCP_SND_BUF                (4 * TCP_MSS)
#define TCP_SND_QUEUELEN           16
#define TCP_OOSEQ_MAX_PBUFS        LIMIT_TCP_DISORDER
/* A stranger's have to come in order (net_tcp.c sets the priority). */
#define TCP_OOSEQ_PBUFS_LIMIT(pcb) \
    ((pcb)->prio < TCP_PRIO_NORMAL ? 0 : TCP_OOSEQ_MAX_PBUFS)
#define LWIP_TCP_KEEPALIVE         0
#define TCP_LISTEN_BACKLOG         1
#define LWIP_HOOK_TCP_ISN(lip, lport, rip, rport) net_random() /* RFC 6528 */
#define LWIP_RAW                   0

/* Link. */
#define LWIP_ETHERNET              1
#define LWIP_NETIF_STATUS_CALLBACK 1
#define LWIP_NETIF_LINK_CALLBACK   0
#define LWIP_CHECKSUM_ON_COPY      0
#define LWIP_STATS                 0

#endif
