/* cp15.h -- in the place of the processor's, for code of board/ on a PC. */
#ifndef CP15_H
#define CP15_H

static inline void cpu_dsb(void)
{
}

#endif
