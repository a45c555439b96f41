/* thumb.h -- included before what is compiled as Thumb-1, whose code is small
 * and cannot reach the VFP. gcc has no hard-float calls for it, so these files
 * neither pass nor return a floating-point number (tests/lint compiles them
 * without VFP to see that), and are told to the linker as such:
 * Tag_ABI_VFP_args, 3: fits either way of passing them (ARM ABI addenda). */
__asm__(".eabi_attribute 28, 3");
