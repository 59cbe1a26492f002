/* SPDX-License-Identifier: MIT */
/* peak_tool.c: run a command, and print the most memory that it held, in megabytes. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct rusage usage;
    int status = 1;
    pid_t child = argc > 1 ? fork() : -1;

    if (child == 0) {
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        return 1;
    getrusage(RUSAGE_CHILDREN, &usage);
    printf("%ld\n", usage.ru_maxrss * 1024 / 1000000);
    return 0;
}
