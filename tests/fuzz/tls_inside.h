/* tls_inside.h -- functions of Mbed TLS that a fuzz target of a TLS half stands
 * in front of or calls; to be linked with --wrap of those that have a __wrap_. */
#ifndef FUZZ_TLS_INSIDE_H
#define FUZZ_TLS_INSIDE_H

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>

/* Mbed TLS's own, in library/ssl_misc.h. */
int mbedtls_ssl_write_record(mbedtls_ssl_context *ssl, int force_flush);
int mbedtls_ssl_flush_output(mbedtls_ssl_context *ssl);
int __real_mbedtls_ssl_add_hs_hdr_to_checksum(mbedtls_ssl_context *ssl,
                                              unsigned type, size_t len);
int __wrap_mbedtls_ssl_add_hs_hdr_to_checksum(mbedtls_ssl_context *ssl,
                                              unsigned type, size_t len);
int __real_mbedtls_ssl_add_hs_msg_to_checksum(mbedtls_ssl_context *ssl,
                                              unsigned type,
                                              const unsigned char *msg,
                                              size_t len);
int __wrap_mbedtls_ssl_add_hs_msg_to_checksum(mbedtls_ssl_context *ssl,
                                              unsigned type, unsigned char *msg,
                                              size_t len);
int __real_mbedtls_ssl_finish_handshake_msg(mbedtls_ssl_context *ssl,
                                            size_t cap, size_t len);
int __wrap_mbedtls_ssl_finish_handshake_msg(mbedtls_ssl_context *ssl,
                                            size_t cap, size_t len);
int __real_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options,
                                 mbedtls_pk_context *pk, mbedtls_md_type_t md,
                                 const unsigned char *hash, size_t hash_len,
                                 const unsigned char *sig, size_t sig_len);
int __wrap_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options,
                                 mbedtls_pk_context *pk, mbedtls_md_type_t md,
                                 const unsigned char *hash, size_t hash_len,
                                 const unsigned char *sig, size_t sig_len);

#endif
