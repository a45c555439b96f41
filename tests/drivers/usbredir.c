/* A chip model as a process: its USB side speaks usb-redir with QEMU, its
 * Ethernet side carries frames to and from a QEMU `stream' netdev.
 *
 *     usbchip KIND high|full USB_SOCKET NET_SOCKET
 *
 * Both sockets are Unix ones that this process listens on; it says `ready'
 * once it does, and ends when QEMU does. What comes on stdin, a word and
 * numbers a line, changes the chip's ways (orders[] below); `report' prints
 * how it went. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lan78xx_model.h"
#include "lan95xx_model.h"
#include "rtl815x_model.h"

static const struct usb_chip_kind *const kinds[] = {
    &lan95xx_model, &lan78xx_model, &rtl8152_model, &rtl8153_model};

/* ---- the protocol: types, capabilities, status --------------------------- */

enum {
    HELLO,
    CONNECT,
    RESET = 3,
    INTERFACES,
    ENDPOINTS,
    SET_CONFIGURATION,
    GET_CONFIGURATION,
    CONFIGURATION,
    SET_ALTERNATE,
    GET_ALTERNATE,
    ALTERNATE,
    START_INTERRUPT = 15,
    STOP_INTERRUPT,
    INTERRUPT_STATUS,
    CANCEL = 21,
    CONTROL_PACKET = 100,
    BULK_PACKET,
    INTERRUPT_PACKET = 103,
};

#define CAP_VERSION (1u << 1)
#define CAP_MPS     (1u << 4)
#define CAP_ID64    (1u << 5)
#define CAP_LEN32   (1u << 6)
#define CAPS        (CAP_VERSION | CAP_MPS | CAP_ID64 | CAP_LEN32)

/* A chip that answers nothing is a bus error here: a request that stayed
 * without an answer would be QEMU's end once the driver resets the port. */
enum { OK, CANCELLED, IO_ERROR = 3, STALL };

static const uint8_t status_of[] = {
    [CHIP_OK] = OK, [CHIP_STALL] = STALL, [CHIP_SILENT] = IO_ERROR};

#define BODY    70000
#define PENDING 64

static struct usb_chip chip;
static int usb, net;
static uint32_t caps; /* both ends'                                          */
static bool greeted, notes, soon;
static struct {
    uint64_t id;
    uint8_t b[16]; /* its header, to be sent back                            */
    uint32_t len;
} want[PENDING];
static unsigned wants;
static uint8_t out[4096];
static size_t out_len;

static void die(const char *why)
{
    fprintf(stderr, "usbchip: %s\n", why);
    exit(1);
}

static uint64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void put_all(int fd, const uint8_t *p, size_t len)
{
    while (len) {
        ssize_t n = write(fd, p, len);
        if (n <= 0)
            exit(0); /* QEMU has ended */
        p += n;
        len -= (size_t)n;
    }
}

static size_t id_bytes(void)
{
    return greeted && caps & CAP_ID64 ? 8 : 4;
}

static void tell(unsigned type, uint64_t id, const void *body, size_t len,
                 const void *data, size_t data_len)
{
    uint8_t b[16];
    chip_put32(b, type);
    chip_put32(b + 4, (uint32_t)(len + data_len));
    chip_put32(b + 8, (uint32_t)id);
    chip_put32(b + 12, (uint32_t)(id >> 32));
    put_all(usb, b, 8 + id_bytes());
    put_all(usb, body, len);
    put_all(usb, data, data_len);
}

static void say_hello(void)
{
    uint8_t b[68] = "gnomon usbchip";
    chip_put32(b + 64, CAPS);
    tell(HELLO, 0, b, sizeof b, NULL, 0);
}

/* ---- what the device is, from its own configuration ---------------------- */

static void describe(void)
{
    uint8_t cfg[512], faces[4 + 4 * 32] = {0}, ends[3 * 32 + 2 * 32] = {0};
    unsigned count = 0, face = 0;
    unsigned which = chip.configuration ? chip.configuration - 1u : 0;
    size_t len = chip.kind->config(&chip, which % chip.kind->configs, cfg);

    memset(ends, 0xff, 32);
    ends[0] = ends[16] = 0;
    for (size_t at = 0; at + 2 < len && cfg[at]; at += cfg[at]) {
        const uint8_t *d = cfg + at;
        if (d[1] == 4 && d[3] == 0) {
            face = count++;
            faces[4 + face] = d[2];
            for (int k = 0; k < 3; k++)
                faces[36 + 32 * k + (int)face] = d[5 + k];
        } else if (d[1] == 5) {
            unsigned i = (d[2] & 0x80) >> 3 | (d[2] & 15);
            ends[i] = d[3] & 3;
            ends[32 + i] = d[6];
            ends[64 + i] = faces[4 + face];
            ends[96 + 2 * i] = d[4];
            ends[97 + 2 * i] = d[5];
        }
    }
    chip_put32(faces, count);
    tell(INTERFACES, 0, faces, sizeof faces, NULL, 0);
    tell(ENDPOINTS, 0, ends, caps & CAP_MPS ? sizeof ends : 96, NULL, 0);
}

static void plug_in(void)
{
    const uint8_t *d = chip.kind->device;
    uint8_t b[10] = {chip.high ? 2 : 1, d[4], d[5], d[6]};
    memcpy(b + 4, d + 8, 6);
    describe();
    tell(CONNECT, 0, b, caps & CAP_VERSION ? 10 : 8, NULL, 0);
}

/* ---- transfers ----------------------------------------------------------- */

static bool control_of(uint8_t request, uint8_t value, uint8_t index)
{
    uint8_t s[8] = {index ? 1 : 0, request, value, 0, index}, data[2048];
    size_t len = 0;
    return chip_control(&chip, s, data, &len) == CHIP_OK;
}

/* endpoint, request, requesttype, status, value, index, length */
static void control(uint64_t id, uint8_t *b, size_t len)
{
    static uint8_t data[65536];
    uint8_t s[8] = {b[2], b[1], b[4], b[5], b[6], b[7], b[8], b[9]};
    size_t n = len - 10;
    if (n > 2048)
        die("control transfer too long");
    memcpy(data, b + 10, n);
    enum chip_answer a = chip_control(&chip, s, data, &n);
    b[3] = status_of[a];
    if (a != CHIP_OK)
        n = 0;
    b[8] = (uint8_t)n;
    b[9] = (uint8_t)(n >> 8);
    tell(CONTROL_PACKET, id, b, 10, data, s[0] & 0x80 ? n : 0);
}

static size_t bulk_head(void)
{
    return caps & CAP_LEN32 ? 10 : 8;
}

static void set_length(uint8_t *b, size_t n)
{
    b[2] = (uint8_t)n;
    b[3] = (uint8_t)(n >> 8);
    if (caps & CAP_LEN32) {
        b[8] = (uint8_t)(n >> 16);
        b[9] = (uint8_t)(n >> 24);
    }
}

/* endpoint, status, length, stream, length's upper half */
static void bulk(uint64_t id, uint8_t *b, size_t len)
{
    size_t head = bulk_head(), n = len - head;
    if (b[0] & 0x80) {
        if (wants == PENDING)
            die("too many transfers at once");
        want[wants].id = id;
        memcpy(want[wants].b, b, head);
        want[wants++].len = b[2] | (uint32_t)b[3] << 8 |
                            (caps & CAP_LEN32 ? (uint32_t)b[8] << 16 : 0);
        return;
    }
    if (out_len + n > sizeof out)
        die("OUT transfer too long");
    memcpy(out + out_len, b + head, n);
    out_len += n;
    b[1] = OK;
    if (n == 0 || n % (chip.high ? 512 : 64)) {
        b[1] = status_of[chip_out(&chip, out, out_len)];
        out_len = 0;
    }
    tell(BULK_PACKET, id, b, head, NULL, 0);
}

static void forget(unsigned i)
{
    memmove(want + i, want + i + 1, sizeof want[0] * (wants - i - 1));
    wants--;
}

static void cancel(uint64_t id)
{
    for (unsigned i = 0; i < wants; i++) {
        if (want[i].id != id)
            continue;
        want[i].b[1] = CANCELLED;
        set_length(want[i].b, 0);
        tell(BULK_PACKET, id, want[i].b, bulk_head(), NULL, 0);
        forget(i);
        return;
    }
}

/* A transfer longer than what was asked for is had in pieces. */
static void answer_wants(void)
{
    static uint8_t data[CHIP_TRANSFER];
    static size_t len, at;
    while (wants) {
        enum chip_answer a = CHIP_OK;
        if (at == len) {
            at = len = 0;
            a = chip_in(&chip, data, &len);
            if (a == CHIP_NAK)
                return;
        }
        size_t n = len - at < want[0].len ? len - at : want[0].len;
        want[0].b[1] = status_of[a];
        set_length(want[0].b, n);
        tell(BULK_PACKET, want[0].id, want[0].b, bulk_head(), data + at, n);
        at += n;
        forget(0);
    }
}

static void send_notes(void)
{
    uint8_t data[64], b[4] = {0x80 | chip.kind->note};
    size_t n = 0;
    if (!notes || chip_note(&chip, data, &n) != CHIP_OK)
        return;
    b[2] = (uint8_t)n;
    tell(INTERRUPT_PACKET, 0, b, sizeof b, data, n);
}

/* ---- messages ------------------------------------------------------------ */

static void hello(const uint8_t *b, size_t len)
{
    caps = len >= 68 ? chip_get32(b + 64) & CAPS : 0;
    greeted = true;
    plug_in();
}

static void message(unsigned type, uint64_t id, uint8_t *b, size_t len)
{
    switch (type) {
    case HELLO:
        hello(b, len);
        break;
    case RESET:
        out_len = 0;
        chip_reset(&chip);
        break;
    case SET_CONFIGURATION:
        b[1] = b[0];
        b[0] = control_of(9, b[1], 0) ? OK : STALL;
        describe();
        tell(CONFIGURATION, id, b, 2, NULL, 0);
        break;
    case GET_CONFIGURATION:
        tell(CONFIGURATION, id, (uint8_t[]){OK, chip.configuration}, 2, NULL,
             0);
        break;
    case SET_ALTERNATE:
    case GET_ALTERNATE:
        if (type == SET_ALTERNATE)
            (void)control_of(11, b[1], b[0]);
        tell(ALTERNATE, id,
             (uint8_t[]){OK, b[0], type == SET_ALTERNATE ? b[1] : 0}, 3, NULL,
             0);
        break;
    case START_INTERRUPT:
    case STOP_INTERRUPT:
        notes = type == START_INTERRUPT;
        tell(INTERRUPT_STATUS, id, (uint8_t[]){OK, b[0]}, 2, NULL, 0);
        break;
    case CANCEL:
        cancel(id);
        break;
    case CONTROL_PACKET:
        control(id, b, len);
        break;
    case BULK_PACKET:
        bulk(id, b, len);
        break;
    default:
        break;
    }
}

/* One whole message from what has come so far; 0: not yet. */
static size_t take_message(uint8_t *p, size_t len)
{
    size_t head = 8 + id_bytes();
    if (len < head)
        return 0;
    size_t body = chip_get32(p + 4);
    uint64_t id = chip_get32(p + 8);
    if (body > BODY)
        die("message too long");
    if (len < head + body)
        return 0;
    if (head == 16)
        id |= (uint64_t)chip_get32(p + 12) << 32;
    message(chip_get32(p), id, p + head, body);
    return head + body;
}

/* ---- the wire: four bytes of length, a frame ----------------------------- */

static void to_net(void *ctx, const uint8_t *p, size_t len)
{
    uint8_t b[4] = {0, 0, (uint8_t)(len >> 8), (uint8_t)len};
    (void)ctx;
    put_all(net, b, 4);
    put_all(net, p, len);
}

static size_t take_frame(uint8_t *p, size_t len)
{
    if (len < 4)
        return 0;
    size_t n = (size_t)p[2] << 8 | p[3];
    if (len < 4 + n)
        return 0;
    chip_frame(&chip, p + 4, n);
    soon = true;
    return 4 + n;
}

/* ---- orders -------------------------------------------------------------- */

static void order(const char *line)
{
    char word[16];
    unsigned a = 0, b = 0, c = 0;
    if (sscanf(line, "%15s %u %u %u", word, &a, &b, &c) < 1)
        return;
    const struct {
        const char *word;
        unsigned *is;
    } orders[] = {{"pack", &chip.pack},
                  {"cut", &chip.cut},
                  {"lose", &chip.lose},
                  {"twice", &chip.twice}};
    for (size_t i = 0; i < LEN(orders); i++)
        if (strcmp(word, orders[i].word) == 0)
            *orders[i].is = a;
    if (strcmp(word, "silent") == 0)
        chip.silent = true;
    if (strcmp(word, "dead") == 0)
        chip.silent = chip.dead = a;
    if (strcmp(word, "stuck") == 0)
        chip.stuck = true;
    if (strcmp(word, "cable") == 0) /* speed (0: out), full, negotiates */
        chip_partner(&chip, (struct chip_partner){a != 0, a, b, c});
    if (strcmp(word, "report") == 0)
        printf("faults %u resets %u in %u out %u transfers %u %s\n",
               chip.faults, chip.resets, chip.frames_in, chip.frames_out,
               chip.transfers, chip.fault);
}

static size_t take_order(uint8_t *p, size_t len)
{
    uint8_t *end = memchr(p, '\n', len);
    if (!end)
        return 0;
    *end = 0;
    order((const char *)p);
    return (size_t)(end - p) + 1;
}

struct side {
    int fd;
    size_t (*take)(uint8_t *p, size_t len);
    size_t len;
    uint8_t b[2 * BODY];
};

static void read_side(struct side *s)
{
    ssize_t n = read(s->fd, s->b + s->len, sizeof s->b - s->len);
    size_t at = 0, used;
    if (n <= 0)
        exit(0);
    s->len += (size_t)n;
    chip_clock(&chip, clock_ns());
    while ((used = s->take(s->b + at, s->len - at)) > 0)
        at += used;
    memmove(s->b, s->b + at, s->len - at);
    s->len -= at;
}

static int listen_at(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (strlen(path) >= sizeof a.sun_path)
        die("path too long");
    memcpy(a.sun_path, path, strlen(path));
    if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 1))
        die("cannot listen");
    return fd;
}

static void serve(void)
{
    static struct side side[3];
    side[0] = (struct side){.fd = usb, .take = take_message};
    side[1] = (struct side){.fd = net, .take = take_frame};
    side[2] = (struct side){.fd = 0, .take = take_order};
    say_hello();
    for (;;) {
        struct pollfd fd[3] = {
            {usb, POLLIN, 0}, {net, POLLIN, 0}, {0, POLLIN, 0}};
        (void)poll(fd, 3, soon ? 0 : 2);
        soon = false;
        for (int i = 0; i < 3; i++)
            if (fd[i].revents)
                read_side(&side[i]);
        chip_clock(&chip, clock_ns());
        answer_wants();
        send_notes();
        soon = soon || chip.pack > 1;
    }
}

int main(int argc, char **argv)
{
    const struct usb_chip_kind *kind = NULL;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 5 && argc != 6)
        die("KIND high|full USB_SOCKET NET_SOCKET [any-offer]");
    for (size_t i = 0; i < LEN(kinds); i++)
        if (strcmp(argv[1], kinds[i]->name) == 0)
            kind = kinds[i];
    if (!kind)
        die("no such chip");
    chip_init(&chip, kind, strcmp(argv[2], "high") == 0, to_net, NULL);
    chip.any_offer = argc == 6 && strcmp(argv[5], "any-offer") == 0;
    int u = listen_at(argv[3]), n = listen_at(argv[4]);
    printf("ready\n");
    net = accept(n, NULL, NULL);
    usb = accept(u, NULL, NULL);
    if (usb < 0 || net < 0)
        die("nobody came");
    serve();
}
