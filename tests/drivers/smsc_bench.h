/* smsc_bench.h -- a chip's model on the DWC2's, behind hubs as a Raspberry Pi
 * has them, and the tests that every chip of drivers/usb_eth_smsc.h passes, and
 * others may. What is sent comes back from the wire, its addresses exchanged. */
#ifndef SMSC_BENCH_H
#define SMSC_BENCH_H

#include "usb.h"
#include "usb_dev_model.h"

extern struct usb u;
extern struct usb_chip chip;
extern struct mdev lan; /* it, as a device                                  */

/* Power-on, with nothing plugged in. hub_of: mdev_hub or another one. */
int bench_start(const struct usb_chip_kind *kind,
                void (*hub_of)(struct mdev *d, uint8_t speed));
/* Plugs it in behind so many hubs, at most two, each on the first port. */
void plug_in_a_pi(unsigned hubs);
void run(int64_t ns);
bool up(void);
/* How long that took, in ns; RC_TIMEOUT. */
int64_t wait_until(bool is, int64_t limit);
void comes_up(void);
/* Neither the driver nor the chip did what must not be done. */
void no_faults(void);
/* What is at the other end of the cable. */
void partner(bool there, uint32_t mbps, bool full, bool negotiates);
/* A frame there and back; its stamp. */
uint64_t echo(size_t len);
void echoes(void); /* of many lengths */
/* Frames from the wire, of 60 bytes, 60 + stride ...; they must be received. */
extern unsigned stride;
void burst(unsigned count);
void expect(unsigned count);

/* ---- tests --------------------------------------------------------------- */

void wire_time_is_taken_off(const uint32_t *mbps, size_t count);
void on_the_root_port(void **state);
void behind_its_own_hub(void **state);
void behind_two_hubs_polled(void **state);
void no_board_address_no_fixed_one(void **state);
void without_a_cable_it_waits(void **state);
void hears_what_it_should(void **state);
void a_silent_chip_is_reset_through_its_hub(void **state);
void it_never_gives_up(void **state);
void a_deaf_chip_is_reset(void **state);
void short_silence_at_every_step(void **state);
void long_silence_at_every_step(void **state);
void naks_at_every_step(void **state);
void stall_at_every_step(void **state);
void ten_frames_in_one_transfer(void **state);
void frames_split_anywhere(void **state);
void frames_lost_and_doubled(void **state);
void samples_at_a_microframes_end_are_counted(void **state);
void a_refused_keyboard_is_harmless(void **state);

#define SMSC_SHARED(T)                                                         \
    T(on_the_root_port), T(behind_its_own_hub), T(behind_two_hubs_polled),     \
        T(no_board_address_no_fixed_one), T(without_a_cable_it_waits),         \
        T(hears_what_it_should), T(a_silent_chip_is_reset_through_its_hub),    \
        T(it_never_gives_up), T(a_deaf_chip_is_reset),                         \
        T(short_silence_at_every_step), T(long_silence_at_every_step),         \
        T(naks_at_every_step), T(stall_at_every_step),                         \
        T(ten_frames_in_one_transfer), T(frames_split_anywhere),               \
        T(frames_lost_and_doubled),                                            \
        T(samples_at_a_microframes_end_are_counted),                           \
        T(a_refused_keyboard_is_harmless)

#endif
