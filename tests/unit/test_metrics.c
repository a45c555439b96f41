/* The metrics: each line in the text format, chrony's names and signs, no two
 * equal series, names that want to be something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/metrics.h"
#include "page_state.h"
#include "page_whole.h"

static struct status s;
static char text[400000];

static const char *draw(void)
{
    uint32_t at = 0;
    size_t len = 0;
    for (;;) {
        char piece[METRICS_PIECE + 1];
        struct fmt_text t = fmt_text_of(piece, sizeof piece);
        if (!metrics_next(&s, &at, &t))
            return text;
        assert_false(t.cut);
        assert_true(len + t.len < sizeof text);
        memcpy(text + len, piece, t.len + 1);
        len += t.len;
    }
}

static void assert_whole(const char *page)
{
    assert_true(metrics_are_whole(page));
}

static void has(const char *line)
{
    char want[400];
    (void)snprintf(want, sizeof want, "\n%s\n", line);
    if (!strstr(text, want))
        fail_msg("no line %s", line);
}

#define NTS2 "{source_address=\"192.0.2.12\",source_name=\"nts2.test\"} "

static void synchronised(void **state)
{
    (void)state;
    state_set(&s, 3);
    s.server.naks = 12;
    s.server.cookie_key_age_s = 86401;
    s.server.ntp_dropped[STATUS_DROP_NTS] = 7;
    s.server.cmd_dropped[STATUS_DROP_FULL] = 9;
    assert_whole(draw());
    has("chrony_up 1");
    has("chrony_tracking_info{tracking_address=\"192.0.2.12\",tracking_name="
        "\"nts2.test\",tracking_refid=\"C000020C\"} 1");
    has("chrony_tracking_last_offset_seconds -0.000000661");
    has("chrony_tracking_system_time_seconds 0.000000432");
    has("chrony_tracking_frequency_ppms -0.063000");
    has("chrony_tracking_residual_frequency_ppms 0.006000");
    has("chrony_tracking_skew_ppms 0.139000");
    has("chrony_tracking_root_delay_seconds 0.001060587");
    has("chrony_tracking_update_interval_seconds 1.200000000");
    has("chrony_tracking_reference_timestamp_seconds 1795859272.490000000");
    has("chrony_tracking_remote_reference 1");
    has("chrony_tracking_stratum 2");
    has("chrony_sources_last_sample_age_seconds" NTS2 "2");
    has("chrony_sources_last_sample_offset_seconds" NTS2 "0.000005711");
    has("chrony_sources_last_sample_error_margin_seconds" NTS2 "0.000242000");
    has("chrony_sources_reachability_ratio" NTS2 "1.000");
    has("chrony_sources_polling_interval_seconds" NTS2 "16");
    has("chrony_sources_state_info{source_address=\"192.0.2.12\",source_name="
        "\"nts2.test\",source_state=\"sync\",source_mode=\"client\"} 1");
    has("chrony_sources_peer_offset_seconds" NTS2 "-0.000007000");
    has("chrony_sourcestats_frequency_ppms" NTS2 "0.284000");
    has("chrony_sourcestats_offset" NTS2 "0.000005711");
    has("# TYPE chrony_serverstats_ntp_packets_received_total counter");
    has("gnomon_error_bound_seconds 0.000221000");
    has("gnomon_nts_certificate_not_after_seconds" NTS2 "1803635273");
    has("gnomon_loop_longest_seconds{service=\"whole pass\"} 0.003500000");
    has("gnomon_nts_naks_sent_total 12");
    has("gnomon_nts_cookie_key_age_seconds 86401");
    has("gnomon_ntp_packets_dropped_total{reason=\"denied\"} 0");
    has("gnomon_ntp_packets_dropped_total{reason=\"NTS\"} 7");
    has("gnomon_command_packets_dropped_total{reason=\"no room\"} 9");
    has("gnomon_build_info{version=\"1234567\",board=\"Raspberry Pi 2\"} 1");
}

/* As chronyd says it: stratum 0, a second of delay and of dispersion. */
static void unset(void **state)
{
    (void)state;
    state_unset(&s, 2);
    s.sources.row[0].last_rx_ago_s = -1;
    s.sources.row[0].last_ke_ago_s = -1;
    s.sources.row[0].poll = -2;
    s.server.cookie_key_age_s = -1;
    s.sources.row[0].cert_end_unix_s = 0;
    assert_whole(draw());
    has("chrony_tracking_stratum 0");
    has("chrony_tracking_root_delay_seconds 1.000000000");
    has("chrony_tracking_root_dispersion_seconds 1.000000000");
    has("chrony_tracking_remote_reference 0");
    has("chrony_tracking_info{tracking_address=\"\",tracking_name=\"\","
        "tracking_refid=\"00000000\"} 1");
    has("gnomon_synchronised 0");
    has("gnomon_error_bound_seconds NaN");
    has("gnomon_nts_cookie_key_age_seconds NaN");
    has("gnomon_nts_certificate_not_after_seconds{source_address="
        "\"192.0.2.11\",source_name=\"nts1.test\"} NaN");
    has("gnomon_temperature_celsius NaN");
    has("gnomon_crystal_ppm_per_celsius NaN");
    has("gnomon_crystal_law_used 0");
    s.timekeeper.temperature = (struct status_temperature){
        true, true, true, -1500, 7800, -203111, 12000};
    assert_whole(draw());
    has("gnomon_temperature_celsius -1.500");
    has("gnomon_crystal_ppm_per_celsius 0.203111");
    has("gnomon_crystal_law_used 1");
    has("chrony_sources_last_sample_age_seconds{source_address=\"192.0.2.11\","
        "source_name=\"nts1.test\"} 4294967295");
    has("chrony_sources_polling_interval_seconds{source_address="
        "\"192.0.2.11\",source_name=\"nts1.test\"} 0.250000000");
}

/* In hold-over the reference is the last one. */
static void alone(void **state)
{
    (void)state;
    state_alone(&s, 3);
    assert_whole(draw());
    has("chrony_tracking_info{tracking_address=\"192.0.2.12\",tracking_name="
        "\"nts2.test\",tracking_refid=\"C000020C\"} 1");
    has("chrony_tracking_stratum 2");
    has("gnomon_sources_agreeing 0");
    s.sources.row[2].addr = s.sources.row[1].addr; /* another port           */
    s.timekeeper.tracking.last = 2;
    (void)draw();
    has("chrony_tracking_info{tracking_address=\"192.0.2.12\",tracking_name="
        "\"nts3.test\",tracking_refid=\"C000020C\"} 1");
}

/* A pool's sources have one name; before it resolves no address either. */
static void namesakes(void **state)
{
    (void)state;
    state_set(&s, 16);
    for (unsigned i = 0; i < 16; i++) {
        strcpy(s.sources.row[i].name, "pool.test");
        if (i % 2)
            s.sources.row[i].addr = (struct addr){0};
    }
    assert_whole(draw());
    has("gnomon_nts_cookies{source_address=\"\",source_name=\"pool.test#8\"} "
        "8");
}

static void hostile(void **state)
{
    static const char *const texts[] = {
        "\"} 1\nchrony_up 0\n", "\\", "\"", "\n", "\x80\x01<&", "}{,="};
    (void)state;
    for (size_t i = 0; i < LEN(texts); i++) {
        state_set(&s, 16);
        state_hostile(&s, texts[i]);
        s.machine.name = s.machine.version = texts[i];
        assert_whole(draw());
        assert_null(strstr(text, "\nchrony_up 0"));
    }
    state_set(&s, 1);
    strcpy(s.sources.row[0].name, "a\"b\\c\nd\xff");
    (void)draw();
    has("gnomon_nts_cookies{source_address=\"192.0.2.11\",source_name="
        "\"a\\\"b\\\\c\\nd?\"} 8");
}

static void extremes(void **state)
{
    (void)state;
    state_set(&s, 16);
    struct status_tracking *k = &s.timekeeper.tracking;
    k->last_offset_ns = k->system_ns = k->rms_offset_ns = INT64_MIN;
    k->bound_ns = k->root_delay_ns = INT64_MAX;
    for (unsigned i = 0; i < 16; i++) {
        struct status_clock_source *e = &s.timekeeper.row[i];
        e->offset_ns = i % 2 ? INT64_MIN : INT64_MAX;
        e->bound_ns = INT64_MAX;
        e->stats.freq_sigma_e12 = STATUS_SIGMA_UNKNOWN;
        s.sources.row[i].poll = (int8_t)(i * 3 - 24);
    }
    s.server.ntp_hits = UINT64_MAX;
    assert_whole(draw());
    has("chrony_serverstats_ntp_packets_received_total 18446744073709551615");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(synchronised), cmocka_unit_test(unset),
        cmocka_unit_test(alone),        cmocka_unit_test(namesakes),
        cmocka_unit_test(hostile),      cmocka_unit_test(extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
