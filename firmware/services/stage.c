#include "stage.h"

#include <string.h>

#include "core/stage.h"
#include "led.h"
#include "log.h"
#include "snapshot.h"

#define LOOK_EVERY MONO_S

static struct {
    struct stage_watch watch;
    enum stage shown; /* the code that the LED shows, or STAGE_DONE          */
    mono_ns look;
} sg;

void stage_init(void)
{
    memset(&sg, 0, sizeof sg);
}

mono_ns stage_poll(mono_ns now)
{
    if (now < sg.look)
        return sg.look;
    sg.look = now + LOOK_EVERY;
    enum stage stage = stage_look(&sg.watch, snapshot_take(), now);
    if (stage != sg.shown) {
        sg.shown = stage;
        led_code(stage, now);
        if (stage != STAGE_DONE)
            log_line("stage %u of 9 (LED: 1 long, %u short): %s",
                     (unsigned)stage, (unsigned)stage, stage_text(stage));
    }
    return sg.look;
}
