/* console_words.h -- what the console answers to words that are no command of
 * its own: chronyc's others, misspelt ones; and what its columns mean. Pure. */
#ifndef CONSOLE_WORDS_H
#define CONSOLE_WORDS_H

#include "core/base.h"

/* Returns why there is no such command here, in one line, if `word` is one of
 * chronyc's or a usual one for an appliance; else NULL. Static text. */
const char *console_words_foreign(const char *word);

/* Returns what the columns of a table mean, in lines; NULL: they are not
 * explained. Static text. */
const char *console_words_legend(const char *command);

/* Returns how many letters have to be changed, left out, put in or swapped with
 * their neighbour to make b of a; 9 for words of more than 15 letters. */
unsigned console_words_distance(const char *a, const char *b);

#endif
