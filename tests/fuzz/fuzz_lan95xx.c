/* What a LAN95xx may say and send (lan_liar.h). */
#include "../drivers/lan95xx_model.h"
#include "lan_liar.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    return lie(&lan95xx_model, in, len);
}
