#include "model.h"

#define HEADER_40 0x0ffffffcu /* GPIO 2 .. 27 */
/* The first boards' 26 pins, of which three moved with revision 2. */
#define HEADER_26   0x03c6cf90u               /* 4 7-11 14 15 17 18 22-25   */
#define HEADER_26_1 (HEADER_26 | 0x00200003u) /* 0 1 21 */
#define HEADER_26_2 (HEADER_26 | 0x0800000cu) /* 2 3 27 */

/* New-style codes: bit 23 set, type in bits 4 .. 11. */
#define NEW_STYLE 0x00800000u
#define CODE      0x00ffffffu /* what is above are flags */

enum type {
    TYPE_A = 0x00,
    TYPE_B = 0x01,
    TYPE_A_PLUS = 0x02,
    TYPE_B_PLUS = 0x03,
    TYPE_2B = 0x04,
    TYPE_CM1 = 0x06,
    TYPE_3B = 0x08,
    TYPE_ZERO = 0x09,
    TYPE_CM3 = 0x0a,
    TYPE_ZERO_W = 0x0c,
    TYPE_3B_PLUS = 0x0d,
    TYPE_3A_PLUS = 0x0e,
    TYPE_CM3_PLUS = 0x10,
    TYPE_4B = 0x11,
    TYPE_ZERO_2_W = 0x12,
    TYPE_400 = 0x13,
    TYPE_CM4 = 0x14,
    TYPE_B_1 = 0x100, /* the first board of all: no new-style code has it */
    TYPES,
};

static const struct board_model models[TYPES] = {
    [TYPE_A] = {"Raspberry Pi Model A", MODEL_LED_LOW, 16, false,
                MODEL_ETH_DONGLE, false, HEADER_26_2},
    [TYPE_B] = {"Raspberry Pi Model B", MODEL_LED_LOW, 16, false, MODEL_ETH_USB,
                false, HEADER_26_2},
    [TYPE_B_1] = {"Raspberry Pi Model B Rev 1", MODEL_LED_LOW, 16, false,
                  MODEL_ETH_USB, false, HEADER_26_1},
    [TYPE_A_PLUS] = {"Raspberry Pi Model A Plus", MODEL_LED_HIGH, 47, false,
                     MODEL_ETH_DONGLE, false, HEADER_40},
    [TYPE_B_PLUS] = {"Raspberry Pi Model B Plus", MODEL_LED_HIGH, 47, false,
                     MODEL_ETH_USB, false, HEADER_40},
    [TYPE_CM1] = {"Raspberry Pi Compute Module", MODEL_LED_HIGH, 47, false,
                  MODEL_ETH_DONGLE, true, HEADER_40},
    [TYPE_ZERO] = {"Raspberry Pi Zero", MODEL_LED_LOW, 47, false,
                   MODEL_ETH_DONGLE, false, HEADER_40},
    [TYPE_ZERO_W] = {"Raspberry Pi Zero W", MODEL_LED_LOW, 47, true,
                     MODEL_ETH_DONGLE, false, HEADER_40},
    [TYPE_2B] = {"Raspberry Pi 2 Model B", MODEL_LED_HIGH, 47, false,
                 MODEL_ETH_USB, false, HEADER_40},
    [TYPE_3B] = {"Raspberry Pi 3 Model B", MODEL_LED_EXPANDER, 130, true,
                 MODEL_ETH_USB, false, HEADER_40},
    [TYPE_3B_PLUS] = {"Raspberry Pi 3 Model B Plus", MODEL_LED_HIGH, 29, true,
                      MODEL_ETH_USB, false, HEADER_40},
    [TYPE_3A_PLUS] = {"Raspberry Pi 3 Model A Plus", MODEL_LED_HIGH, 29, true,
                      MODEL_ETH_DONGLE, false, HEADER_40},
    [TYPE_ZERO_2_W] = {"Raspberry Pi Zero 2 W", MODEL_LED_LOW, 29, true,
                       MODEL_ETH_DONGLE, false, HEADER_40},
    [TYPE_CM3] = {"Raspberry Pi Compute Module 3", MODEL_LED_EXPANDER, 130,
                  false, MODEL_ETH_DONGLE, true, HEADER_40},
    [TYPE_CM3_PLUS] = {"Raspberry Pi Compute Module 3 Plus", MODEL_LED_EXPANDER,
                       130, false, MODEL_ETH_DONGLE, true, HEADER_40},
    [TYPE_4B] = {"Raspberry Pi 4 Model B", MODEL_LED_HIGH, 42, true,
                 MODEL_ETH_GENET, false, HEADER_40},
    [TYPE_400] = {"Raspberry Pi 400", MODEL_LED_HIGH, 42, true, MODEL_ETH_GENET,
                  false, HEADER_40},
    [TYPE_CM4] = {"Raspberry Pi Compute Module 4", MODEL_LED_HIGH, 42, true,
                  MODEL_ETH_GENET, true, HEADER_40},
};

static const struct board_model unknown = {.name = "unknown Raspberry Pi"};
static const struct board_model untold = {.name = "Raspberry Pi",
                                          .eth = MODEL_ETH_USB};

/* Codes from before there were types: 2 .. 15, in hexadecimal. */
static unsigned old_type(uint32_t code)
{
    static const uint16_t types[] = {
        [0x02] = TYPE_B_1, [0x03] = TYPE_B_1,    [0x04] = TYPE_B,
        [0x05] = TYPE_B,   [0x06] = TYPE_B,      [0x07] = TYPE_A,
        [0x08] = TYPE_A,   [0x09] = TYPE_A,      [0x0a] = TYPES,
        [0x0b] = TYPES,    [0x0c] = TYPES,       [0x0d] = TYPE_B,
        [0x0e] = TYPE_B,   [0x0f] = TYPE_B,      [0x10] = TYPE_B_PLUS,
        [0x11] = TYPE_CM1, [0x12] = TYPE_A_PLUS, [0x13] = TYPE_B_PLUS,
        [0x14] = TYPE_CM1, [0x15] = TYPE_A_PLUS,
    };
    return code >= 2 && code < LEN(types) ? types[code] : TYPES;
}

static const struct board_model *row(uint32_t revision)
{
    uint32_t code = revision & CODE;
    unsigned type = (code & NEW_STYLE) != 0 ? code >> 4 & 0xff : old_type(code);
    return type < TYPES && models[type].name != NULL ? &models[type] : NULL;
}

bool board_model_known(uint32_t revision)
{
    return row(revision) != NULL;
}

const struct board_model *board_model_of(uint32_t revision)
{
    const struct board_model *m = row(revision);
    if (m != NULL)
        return m;
    return revision == 0 ? &untold : &unknown;
}
