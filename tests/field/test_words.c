/* What each line of a file is worth as a whole chrony.conf, on stdout: the line
 * as it is, and below it what is said of it, or that it is in effect. Lines
 * that begin with a blank are not looked at, nor are a line's first two
 * characters. test_words.py holds what is printed to what is expected. */
#include <stdio.h>
#include <string.h>

#include "core/conf.h"

static struct conf c;

static void say(const char *line)
{
    static const char *const level[] = {"ERROR ", "", "note: "};
    (void)!conf_parse(&c, line, strlen(line));
    for (unsigned i = 0; i < c.report_count; i++)
        printf("    %s%s\n", level[c.reports[i].level], c.reports[i].text);
    if (c.report_count == 0)
        printf("    in effect\n");
}

int main(int argc, char **argv)
{
    char line[4096];
    FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!f)
        return 2;
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = 0;
        if (strlen(line) < 3 || line[0] == ' ')
            continue;
        puts(line);
        say(line + 2);
    }
    return ferror(f) || fclose(f) ? 2 : 0;
}
