/* attack.h -- the attack table: each row a case against the whole firmware,
 * and what others would do, from their documentation (chrony.conf(5) and the
 * FAQ; ntpd-rs' guide). All three are
 * taken to start with a clock at the same floor. What their documents are
 * silent on is either plain from RFC 8915 or said to be so. */
#ifndef ATTACK_H
#define ATTACK_H

struct sim_row {
    const char *name;
    void (*run)(void);
    const char *gnomon, *chrony, *nocert, *ntpd_rs;
};
#define SIM_SAME   "as chrony"
#define SIM_SILENT "its documents do not say"

extern const struct sim_row sim_rows_time[], sim_rows_path[], sim_rows_ke[];
extern const unsigned sim_rows_time_count, sim_rows_path_count,
    sim_rows_ke_count;

/* What rows share. Days count from sim_start. */
void sim_row_at(double day); /* it is now, and certificates renewed     */
void sim_row_liar(unsigned server, double lo, double hi, double says);
/* Boots, is right within 20 ms no later than that many seconds. */
void sim_row_good(double seconds);
void sim_row_unset(double seconds); /* boots, and has no time after that     */
void sim_row_right(void); /* synchronised, within 20 ms              */

#endif
