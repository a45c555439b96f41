#include "fault.h"
#include "cp15.h"
#include "crashnote.h"
#include "machine.h"
#include "text.h"

static_assert(sizeof(struct fault_frame) == 18 * 4, "vectors.S");

static volatile bool failing;

static void say(const char *s)
{
    size_t len = 0;
    while (s[len] != 0)
        len++;
    machine_last_words(s, len);
}

/* A failure on the way out of a failure resets without a word. */
static void enter_failure(void)
{
    cpu_mask_all();
    if (failing)
        machine_reset();
    failing = true;
}

static const char *const names[] = {
    [FAULT_RESET] = "jump to the reset vector",
    [FAULT_UNDEFINED] = "undefined instruction",
    [FAULT_SVC] = "unexpected SVC",
    [FAULT_PREFETCH] = "prefetch abort",
    [FAULT_DATA] = "data abort",
    [FAULT_FIQ] = "unexpected FIQ",
};

extern char __main_stack_bottom[], __main_guard[];

/* One line for port_info().last_reset: what, where, and what it touched. */
static void summarise(struct text *t, const struct fault_frame *f)
{
    text_str(t, f->kind < LEN(names) ? names[f->kind] : "exception");
    text_str(t, " at ");
    text_hex(t, f->pc);
    if (f->kind == FAULT_DATA) {
        uint32_t far = cp15_dfar();
        text_str(t, ", address ");
        text_hex(t, far);
        text_str(t, ", DFSR ");
        text_hex(t, cp15_dfsr());
        if (far >= (uint32_t)(uintptr_t)__main_guard &&
            far < (uint32_t)(uintptr_t)__main_stack_bottom)
            text_str(t, ", stack overflow");
    } else if (f->kind == FAULT_PREFETCH) {
        text_str(t, ", IFSR ");
        text_hex(t, cp15_ifsr());
    }
}

static void say_registers(const struct fault_frame *f)
{
    char line[100];
    struct text t;
    for (unsigned i = 0; i < 13; i += 4) {
        text_init(&t, line, sizeof line);
        for (unsigned k = i; k < i + 4 && k < 13; k++) {
            text_str(&t, k < 10 ? " r" : "r");
            text_dec(&t, k);
            text_str(&t, " ");
            text_hex(&t, f->r[k]);
            text_str(&t, "  ");
        }
        text_str(&t, "\r\n");
        say(line);
    }
    text_init(&t, line, sizeof line);
    text_str(&t, " sp ");
    text_hex(&t, f->sp);
    text_str(&t, "   lr ");
    text_hex(&t, f->lr);
    text_str(&t, "   pc ");
    text_hex(&t, f->pc);
    text_str(&t, " psr ");
    text_hex(&t, f->psr);
    text_str(&t, "\r\n");
    say(line);
}

/* The note first: the console may be what is broken. */
static _Noreturn void end_with(const char *line, const struct fault_frame *f)
{
    crashnote_failed(line);
    say("\r\n");
    say(line);
    say("\r\n");
    if (f != NULL)
        say_registers(f);
    machine_reset();
}

_Noreturn void fault_report(const struct fault_frame *f)
{
    enter_failure();
    char line[CRASHNOTE_TEXT];
    struct text t;
    text_init(&t, line, sizeof line);
    summarise(&t, f);
    end_with(line, f);
}

static const char *base_name(const char *path)
{
    const char *name = path;
    for (; *path != 0; path++)
        if (*path == '/')
            name = path + 1;
    return name;
}

_Noreturn void panic(const char *file, int line, const char *what)
{
    enter_failure();
    char words[CRASHNOTE_TEXT];
    struct text t;
    text_init(&t, words, sizeof words);
    text_str(&t, "panic ");
    text_str(&t, base_name(file));
    text_str(&t, ":");
    text_dec(&t, (uint32_t)line);
    text_str(&t, ": ");
    text_str(&t, what);
    end_with(words, NULL);
}

_Noreturn void fault_silence(uint32_t pc, uint32_t ms)
{
    enter_failure();
    char words[CRASHNOTE_TEXT];
    struct text t;
    text_init(&t, words, sizeof words);
    text_str(&t, "watchdog: silent for ");
    text_dec(&t, ms);
    text_str(&t, " ms at ");
    text_hex(&t, pc);
    end_with(words, NULL);
}
