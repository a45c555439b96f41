#include "case.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>

#include "core/report.h"
#include "core/utc.h"
#include "services/version.h"

#define REAL_S     300
#define CONF_BYTES 4096
/* REPORT.TXT as it is hidden, and as the directory has it. */
#define REPORT_HIDDEN "XEPORT.TXT"
#define REPORT_ENTRY  "XEPORT  TXT"
#define MARK          "@@@ chrony.conf @@@"
#define COMMON        "ntstrustedcerts ca.pem\nnosystemcert\nntsdumpdir /\n"
#define WHYS          16

struct sim_world *w;
int64_t sim_start;

static struct {
    uint8_t *fat;    /* the card up to its state partition, which boots share */
    uint8_t *report; /* REPORT.TXT's entry in the directory                */
    uint32_t report_lba;
    uint8_t unwritten[REPORT_BYTES];
    size_t fat_len;
    char *conf;  /* where chrony.conf is in it, CONF_BYTES              */
    pid_t child; /* 0: no power                                         */
    int up, down;
    int exit; /* the last child's, SIM_EXIT_...                      */
    const char *name;
    unsigned cases, failed;
    bool bad;
    const char *why[WHYS]; /* checks of this case that failed               */
    unsigned whys;
    double virtual_s; /* of boots that are over                             */
    char notes[2048];
    struct timespec began;
} t;

/* ---- once ---------------------------------------------------------------- */

static void put_file(const char *folder, const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        sim_broken("cannot write a file for the card");
}

/* As `make card` lays it on a card. */
static void put_report(const char *folder)
{
    static char text[REPORT_BYTES + 1];
    const struct report_head head = {0};
    struct report r;
    report_begin(&r, text, &head);
    report_add(&r, "Nothing has been written here yet.");
    report_end(&r);
    put_file(folder, REPORT_HIDDEN, text);
}

/* One image for all cases; chrony.conf on it is CONF_BYTES long. */
static void make_card(const char *folder)
{
    char command[600], blank[CONF_BYTES + 1], files[100];
    snprintf(files, sizeof files, "%s/files", folder);
    memset(blank, '\n', CONF_BYTES);
    memcpy(blank, MARK, sizeof MARK - 1);
    blank[CONF_BYTES] = 0;
    if (mkdir(files, 0700) != 0)
        sim_broken("cannot make a folder");
    put_file(files, "chrony.conf", blank);
    put_file(files, "ca.pem", simke_ca_pem());
    put_file(files, "key.pem", simke_board_pem(true));
    put_file(files, "cert.pem", simke_board_pem(false));
    put_report(files);
    snprintf(command, sizeof command,
             "python3 tests/peers/mkcard.py %s/card %s", folder, files);
    if (system(command) != 0)
        sim_broken("mkcard.py failed; run it from the top folder");
}

static void load_card(const char *folder)
{
    char path[200];
    struct stat st;
    snprintf(path, sizeof path, "%s/card", folder);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        sim_broken("no card");
    t.fat_len = (size_t)st.st_size - SIM_STATE;
    t.fat = mmap(NULL, t.fat_len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (t.fat == MAP_FAILED)
        sim_broken("mmap");
    t.conf = memmem(t.fat, t.fat_len, MARK, sizeof MARK - 1);
    if (!t.conf)
        sim_broken("chrony.conf is not on the card");
    t.report = memmem(t.fat, t.fat_len, REPORT_ENTRY, 11);
    uint8_t *text = memmem(t.fat, t.fat_len, "GNOMON REPORT 0", 15);
    if (!t.report || !text)
        sim_broken("REPORT.TXT is not on the card");
    t.report_lba = (uint32_t)((size_t)(text - t.fat) / REPORT_SECTOR);
    memcpy(t.unwritten, text, REPORT_BYTES);
}

void sim_setup(void)
{
    char folder[] = "/tmp/gnomon-sim-XXXXXX", command[100];
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!mkdtemp(folder))
        sim_broken("no temporary folder");
    simke_setup();
    make_card(folder);
    load_card(folder);
    snprintf(command, sizeof command, "rm -r %s", folder);
    if (system(command) != 0)
        sim_broken("cannot clean up");
    w = mmap(NULL, sizeof *w, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (w == MAP_FAILED)
        sim_broken("mmap");
    sim_start = gnomon_build_unix + 30 * SIM_DAY;
}

/* ---- a case -------------------------------------------------------------- */

void sim_conf(const char *conf)
{
    char text[CONF_BYTES];
    int n = snprintf(text, sizeof text, "%s" COMMON,
                     conf ? conf
                          : "server nts1.test iburst nts\n"
                            "server nts2.test iburst nts\n"
                            "server nts3.test iburst nts\n");
    if (n < 0 || n >= CONF_BYTES)
        sim_broken("chrony.conf is too long");
    memset(t.conf, '\n', CONF_BYTES);
    memcpy(t.conf, text, (size_t)n);
}

void sim_authority(bool there)
{
    static uint8_t *entry;
    if (!entry)
        entry = memmem(t.fat, t.fat_len, "CA      PEM", 11);
    if (!entry)
        sim_broken("ca.pem is not on the card");
    entry[0] = there ? 'C' : 'X';
}

uint8_t *sim_card(size_t *len)
{
    *len = t.fat_len;
    return t.fat;
}

uint8_t *sim_report(bool there)
{
    uint8_t *text = t.fat + (size_t)t.report_lba * REPORT_SECTOR;
    memcpy(t.report, there ? "R" : REPORT_ENTRY, 1);
    w->report_lba = t.report_lba;
    w->report_blocks = there ? REPORT_SECTORS : 0;
    memcpy(text, t.unwritten, REPORT_BYTES);
    return text;
}

void sim_world(const char *conf)
{
    const char *seed = getenv("SIM_SEED");
    sim_cut();
    memset(w, 0, sizeof *w);
    w->seed = seed ? strtoull(seed, NULL, 0) : 1;
    w->boot_ns = sim_start * MONO_S;
    w->link = true;
    w->dns_lie = SIM_DNS_TRUE;
    w->address = SIM_BOARD;
    w->lease_s = 86400;
    w->path_random = w->seed;
    for (unsigned i = 0; i < SIM_SERVERS; i++) {
        struct sim_server *s = &w->server[i];
        s->cert_lo = sim_start - 10 * SIM_DAY;
        s->cert_hi = sim_start + 80 * SIM_DAY;
        s->up_ns = s->down_ns = SIM_LINK_NS;
        s->ntp_port = 123;
        s->keys = i + 1;
    }
    sim_conf(conf);
    sim_authority(true);
    (void)sim_report(false);
}

void sim_case(const char *name, const char *conf)
{
    sim_world(conf);
    t.name = name;
    t.bad = false;
    t.whys = 0;
    t.virtual_s = 0;
    t.notes[0] = 0;
    clock_gettime(CLOCK_MONOTONIC, &t.began);
}

void sim_case_five(const char *name, const char *options)
{
    char conf[400] = "";
    for (unsigned i = 1; i <= 5; i++) {
        size_t n = strlen(conf);
        (void)snprintf(conf + n, sizeof conf - n,
                       "server nts%u.test iburst%s\n", i, options);
    }
    sim_case(name, conf);
}

void sim_note(const char *format, ...)
{
    size_t n = strlen(t.notes);
    va_list ap;
    va_start(ap, format);
    vsnprintf(t.notes + n, sizeof t.notes - n, format, ap);
    va_end(ap);
    n = strlen(t.notes);
    snprintf(t.notes + n, sizeof t.notes - n, "; ");
}

void sim_check_at(bool good, const char *what, int line, const char *why)
{
    if (good)
        return;
    t.bad = true;
    if (t.whys < WHYS)
        t.why[t.whys++] = why;
    printf("# line %d: %s: NOT %s (at %.3f s)\n", line, why, what,
           sim_uptime());
}

static void show_console(void)
{
    const char *p = w->text;
    w->text[w->len] = 0;
    for (; *p; p += strcspn(p, "\n"), p += *p == '\n')
        printf("#   %.*s\n", (int)strcspn(p, "\r\n"), p);
}

void sim_end(void)
{
    struct timespec now;
    sim_cut();
    clock_gettime(CLOCK_MONOTONIC, &now);
    double real = (double)(now.tv_sec - t.began.tv_sec) +
                  (double)(now.tv_nsec - t.began.tv_nsec) / 1e9;
    if (t.bad || getenv("SIM_SHOW"))
        show_console();
    t.failed += t.bad;
    printf("%s %u - %s (%s%.0f virtual s in %.1f s)\n", t.bad ? "not ok" : "ok",
           ++t.cases, t.name, t.notes, t.virtual_s, real);
}

void sim_end_seen(const char *why)
{
    bool seen = false;
    for (unsigned i = 0; i < t.whys; i++)
        seen = seen || strcmp(t.why[i], why) == 0;
    if (!seen)
        printf("# not seen: %s\n", why);
    t.bad = !seen;
    sim_end();
}

int sim_done(void)
{
    printf("1..%u\n", t.cases);
    return t.failed ? 1 : 0;
}

/* ---- power --------------------------------------------------------------- */

static void died(void)
{
    int status;
    if (waitpid(t.child, &status, 0) != t.child)
        sim_broken("waitpid");
    t.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    bool meant = t.exit == SIM_EXIT_RESET || t.exit == SIM_EXIT_CUT;
    t.child = 0;
    t.virtual_s += sim_uptime();
    close(t.up);
    close(t.down);
    if (!meant)
        sim_check_at(false, "alive", __LINE__, "the firmware died");
}

/* It runs until it stops by itself. */
static void turn(void)
{
    struct pollfd p = {.fd = t.up, .events = POLLIN};
    char c = 0;
    if (poll(&p, 1, REAL_S * 1000) != 1) {
        sim_check_at(false, "in time", __LINE__, "the firmware hangs");
        kill(t.child, SIGKILL);
    }
    if (read(t.up, &c, 1) != 1)
        died();
}

void sim_boot(void)
{
    int up[2], down[2];
    sim_cut();
    w->boot_ns = sim_true_ns();
    w->ticks = w->stop = 0;
    w->led_count = 0;
    w->len = w->mark = w->input_len = w->input_at = 0;
    memset(w->text, 0, sizeof w->text);
    w->wanted[0] = 0;
    w->boots++;
    fflush(NULL);
    if (pipe2(up, O_CLOEXEC) != 0 || pipe2(down, O_CLOEXEC) != 0 ||
        (t.child = fork()) < 0)
        sim_broken("fork");
    if (t.child == 0) {
        close(up[0]);
        close(down[1]);
        port_sim_run(t.fat, t.fat_len, up[1], down[0]);
    }
    close(up[1]);
    close(down[0]);
    t.up = up[0];
    t.down = down[1];
    turn();
}

void sim_cut(void)
{
    if (t.child == 0)
        return;
    kill(t.child, SIGKILL);
    if (waitpid(t.child, NULL, 0) != t.child)
        sim_broken("waitpid");
    t.child = 0;
    t.virtual_s += sim_uptime();
    close(t.up);
    close(t.down);
}

void sim_off(int64_t seconds)
{
    sim_cut();
    w->boot_ns = sim_true_ns() + seconds * MONO_S;
    w->ticks = 0;
}

bool sim_alive(void)
{
    return t.child != 0;
}

int sim_exit(void)
{
    return t.exit;
}

/* ---- running and asking -------------------------------------------------- */

double sim_uptime(void)
{
    return (double)w->ticks / SIM_HZ;
}

bool sim_until(const char *text, double seconds)
{
    char c = 0;
    snprintf(w->wanted, sizeof w->wanted, "%s", text);
    w->stop = w->ticks + (uint64_t)(seconds * SIM_HZ);
    w->found = false;
    if (t.child == 0 || write(t.down, &c, 1) != 1)
        return false;
    turn();
    w->wanted[0] = 0;
    return w->found;
}

void sim_run(double seconds)
{
    (void)sim_until("", seconds);
}

void sim_mark(void)
{
    w->mark = w->len;
}

bool sim_said(const char *text)
{
    return strstr(w->text + w->mark, text) != NULL;
}

unsigned sim_count(const char *text)
{
    unsigned n = 0;
    const char *p = w->text + w->mark;
    while ((p = strstr(p, text)) != NULL) {
        n++;
        p += strlen(text);
    }
    return n;
}

const char *sim_ask(const char *command)
{
    static char answer[16384];
    size_t mark = w->mark, from = w->len;
    sim_mark();
    answer[0] = 0;
    w->input_at = 0;
    /* The first Return wakes the console up, the second ends the line. */
    w->input_len =
        (size_t)snprintf(w->input, sizeof w->input, "\r\x15%s\r", command);
    sim_run(0.1);
    for (int i = 0; i < 50 && sim_alive(); i++) {
        size_t n = w->len;
        sim_run(0.1);
        if (n == w->len && w->input_at == w->input_len)
            break;
    }
    snprintf(answer, sizeof answer, "%s", w->text + from);
    w->mark = mark;
    return answer;
}

/* ---- what the answers say ------------------------------------------------ */

bool sim_synchronised(void)
{
    const char *a = sim_ask("tracking");
    return strstr(a, "Leap status") && !strstr(a, "Not synchronised");
}

double sim_field(const char *table, const char *name)
{
    const char *p = strstr(sim_ask(table), name);
    p = p ? strchr(p, ':') : NULL;
    return p ? strtod(p + 1, NULL) : -1;
}

double sim_error(void)
{
    const char *p = strstr(sim_ask("date"), "20");
    int year, month, day, hour, minute, second, us;
    int64_t unix_s = 0;
    if (!p || sscanf(p, "%d-%d-%d %d:%d:%d.%d", &year, &month, &day, &hour,
                     &minute, &second, &us) != 7)
        return 1e18;
    struct utc_civil c = {.year = year,
                          .month = (uint8_t)month,
                          .day = (uint8_t)day,
                          .hour = (uint8_t)hour,
                          .minute = (uint8_t)minute,
                          .second = (uint8_t)second};
    if (utc_unix_of(&c, &unix_s) != RC_OK)
        return 1e18;
    return (double)(unix_s - w->asked_ns / MONO_S) + us / 1e6 -
           (double)(w->asked_ns % MONO_S) / 1e9;
}

static const char *row(const char *table, unsigned server)
{
    char name[16];
    snprintf(name, sizeof name, "nts%u.test", server + 1);
    const char *p = strstr(table, name);
    return p ? p : "";
}

long sim_auth(unsigned server, unsigned column)
{
    const char *p = row(sim_ask("authdata"), server);
    for (; column > 0 && *p; column--) {
        p += strcspn(p, " \r\n");
        p += strspn(p, " ");
    }
    return *p >= '0' && *p <= '9' ? strtol(p, NULL, 10) : -1;
}

char sim_state(unsigned server)
{
    const char *table = sim_ask("sources"), *p = row(table, server);
    return p >= table + 2 && *p ? p[-2] : 0;
}
