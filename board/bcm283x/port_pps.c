/* port_pps.c -- pulse per second on a GPIO.
 *
 * The compare fires PPS_LEAD early; the interrupt then spins on the counter
 * and stores once, so interrupt latency does not reach the edge. The counter
 * read right after the store is the self-measured error. A pulse asked for
 * while the last one is still up waits until it has ended. */
#include "gpio.h"
#include "machine_private.h"
#include "port.h"

#define LEAD_PER_S 50000u /* 1/50000 s = 20 us */

static struct {
    enum { PPS_OFF, PPS_TO_RISE, PPS_UP } state;
    bool queued;
    unsigned pin; /* BCM number; 0: none yet */
    uint64_t at, next_at;
    uint64_t due; /* when the timer was asked to interrupt */
    uint32_t width, next_width, lead;
    struct pps_report last;
} pps;

static void use_pin(unsigned gpio)
{
    if (pps.pin != 0 && pps.pin != gpio)
        gpio_function(soc->gpio, pps.pin, GPIO_IN);
    pps.pin = gpio;
    gpio_clear(soc->gpio, gpio);
    gpio_function(soc->gpio, gpio, GPIO_OUT);
}

/* On this board's header, and not the console's. */
static bool on_header(unsigned gpio)
{
    return gpio > 0 && gpio < 32 && (machine_model->header >> gpio & 1) != 0 &&
           gpio != MODEL_PIN_TXD && gpio != MODEL_PIN_RXD;
}

void machine_pps_init(void)
{
    pps.lead = timer_hz() / LEAD_PER_S;
    if (on_header(MODEL_PIN_PPS))
        use_pin(MODEL_PIN_PPS); /* quiet, until another is asked for */
}

int port_pps_pin(unsigned gpio)
{
    if (!on_header(gpio))
        return RC_BAD;
    use_pin(gpio);
    return RC_OK;
}

static void interrupt_at(uint64_t due)
{
    pps.due = due;
    timer_pulse_arm(due);
}

static void arm(uint64_t at, uint32_t width)
{
    pps.at = at;
    pps.width = width;
    pps.state = PPS_TO_RISE;
    interrupt_at(at > pps.lead ? at - pps.lead : 0);
}

static void rise(void)
{
    while (timer_ticks() < pps.at) { /* at most lead: the compare matched */
    }
    gpio_set(soc->gpio, pps.pin);
    pps.last.done = timer_ticks();
    pps.last.at = pps.at;
    pps.last.pulses++;
    pps.state = PPS_UP;
    interrupt_at(pps.at + pps.width);
}

static void fall(void)
{
    gpio_clear(soc->gpio, pps.pin);
    pps.state = PPS_OFF;
    timer_pulse_stop();
    if (pps.queued) {
        pps.queued = false;
        arm(pps.next_at, pps.next_width);
    }
}

void machine_pps_irq(void)
{
    if (pps.state != PPS_OFF && timer_ticks() < pps.due)
        timer_pulse_arm(pps.due); /* further away than a compare can look */
    else if (pps.state == PPS_TO_RISE)
        rise();
    else if (pps.state == PPS_UP)
        fall();
    else
        timer_pulse_stop();
}

int port_pps_arm(uint64_t at_ticks, uint32_t width_ticks)
{
    uint32_t cpsr = cpu_irq_save();
    int rc = RC_OK;
    if (at_ticks <= timer_ticks()) {
        rc = RC_STATE;
    } else if (pps.state == PPS_UP) {
        pps.queued = true;
        pps.next_at = at_ticks;
        pps.next_width = width_ticks;
    } else {
        arm(at_ticks, width_ticks);
    }
    cpu_irq_restore(cpsr);
    return rc;
}

void machine_pps_last(struct pps_report *out)
{
    uint32_t cpsr = cpu_irq_save();
    *out = pps.last;
    cpu_irq_restore(cpsr);
}
