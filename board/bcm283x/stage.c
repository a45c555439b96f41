/* stage.c -- the boot log: a line per stage with its time, on the console from
 * the first C line on, and kept for port_fact. */
#include "machine_private.h"
#include "text.h"

#define LINES 24u

static char lines[LINES][MACHINE_STAGE_BYTES];
static unsigned used;
static char
    spare[MACHINE_STAGE_BYTES]; /* shown, where none is left to keep it */
static struct text line;

struct text *machine_stage(const char *what)
{
    uint32_t us = (uint32_t)(machine_now() / MONO_US);
    text_init(&line, used < LINES ? lines[used] : spare, MACHINE_STAGE_BYTES);
    text_dec(&line, us / 1000000);
    text_str(&line, ".");
    for (uint32_t digit = 100000; digit > 0; digit /= 10)
        text_dec(&line, us / digit % 10);
    text_str(&line, " s ");
    text_str(&line, what);
    return &line;
}

void machine_stage_end(void)
{
    used += used < LINES;
    uint32_t cpsr = cpu_irq_save();
    (void)pl011_write(&machine_uart, line.buf, line.len);
    (void)pl011_write(&machine_uart, "\r\n", 2);
    pl011_service(&machine_uart);
    cpu_irq_restore(cpsr);
}

const char *machine_stage_line(unsigned n)
{
    return n < used ? lines[n] : NULL;
}
