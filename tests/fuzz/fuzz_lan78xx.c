/* What a LAN78xx may say and send (lan_liar.h). */
#include "../drivers/lan78xx_model.h"
#include "lan_liar.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    return lie(&lan78xx_model, in, len);
}
