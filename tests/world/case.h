/* case.h -- how a test drives the simulated world (world.h).
 *
 *     sim_setup()                    once: CA, card
 *     sim_case("name", conf)         a new world: blank card, honest servers
 *     sim_boot()                     power on
 *     sim_until("text", seconds)     let it run
 *     sim_check(condition, "what")   any number of them
 *     sim_cut(), sim_off(seconds)    power off
 *     sim_end()                      one line of TAP
 *
 * A firmware that dies, or that takes REAL_S of real time for one step, fails
 * the case. */
#ifndef CASE_H
#define CASE_H

#include "world.h"

void sim_setup(void);
/* conf: chrony.conf, before what all have in common; NULL: nts1 .. nts3. The
 * true time is SIM_START; servers are honest, their certificates valid from
 * 10 days before to 80 days after it. */
void sim_case(const char *name, const char *conf);
/* A case with the servers nts1 .. nts5, iburst and these options (" nts"). */
void sim_case_five(const char *name, const char *options);
void sim_world(const char *conf); /* a new world within the same case        */
/* Another chrony.conf on the same card, from the next boot on. */
void sim_conf(const char *conf);
/* The card's certificate authority is there, or its file has another name. */
void sim_authority(bool there);
/* The card has a REPORT.TXT, as new, or has not (as all cases begin). Returns
 * where its REPORT_BYTES are, as they are now and later. */
uint8_t *sim_report(bool there);
/* The card up to its state partition. */
uint8_t *sim_card(size_t *len);
void sim_end(void);
/* Ends a case into which a fault was planted: it is good when the check with
 * this `why` has failed. */
void sim_end_seen(const char *why);
int sim_done(void); /* plan; the program's exit status                       */

extern int64_t sim_start; /* Unix s: 30 days after the build                 */

void sim_boot(void);
void sim_cut(void);            /* power off                                */
void sim_off(int64_t seconds); /* ... for so long                          */
bool sim_alive(void);
int sim_exit(void); /* how the last boot that is over ended by itself:
                     * SIM_EXIT_..., -1: it died                             */
/* Until the console has said it since the last boot or sim_mark, at most so
 * many virtual seconds. */
bool sim_until(const char *text, double seconds);
void sim_run(double seconds);
void sim_mark(void); /* what was said before does not count      */
bool sim_said(const char *text);
unsigned sim_count(const char *text); /* how often it was said               */
/* A console command's answer; valid until the next. */
const char *sim_ask(const char *command);
double sim_uptime(void); /* virtual seconds since the boot           */
/* The clock's error as `date` shows it, seconds: clock - truth. */
double sim_error(void);
double sim_field(const char *table, const char *name); /* "Root delay" ...   */
bool sim_synchronised(void);
/* "nts2.test"'s column of `authdata`: 7 NAKs, 8 cookies ... -1: no row.     */
long sim_auth(unsigned server, unsigned column);
char sim_state(unsigned server); /* '*', '+', 'x', '?' of `sources`          */

#define sim_check(c, ...) sim_check_at(c, #c, __LINE__, __VA_ARGS__)
void sim_check_at(bool good, const char *what, int line, const char *why);
void sim_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
