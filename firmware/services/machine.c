#include "machine.h"

#include "core/mono.h"
#include "port.h"
#include "version.h"

static mono_ns start;

void machine_init(void)
{
    start = port_mono();
}

void machine_status(struct status_machine *out)
{
    struct port_info info;
    port_info(&info);
    *out = (struct status_machine){
        .name = info.board,
        .version = gnomon_version,
        .last_reset = info.last_reset,
        .trouble = info.trouble,
        .eth_silent = info.eth_silent,
        .eth_foreign = info.eth_foreign,
        .start = start,
        .up = port_mono(),
        .boots = info.boots,
        .crashes = info.crashes,
        .card_errors = info.card_errors,
        .stack_size = info.stack_size,
        .stack_peak = info.stack_used,
        .irq_stack_size = info.irq_stack_size,
        .irq_stack_peak = info.irq_stack_used,
    };
}
