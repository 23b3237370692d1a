#include "output.h"

#include <fcntl.h>
#include <unistd.h>

int output_take(void)
{
    int taken = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (taken < 0)
        return STDOUT_FILENO;
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere < 0 ? STDERR_FILENO : nowhere, STDOUT_FILENO);
    if (nowhere >= 0)
        close(nowhere);
    return taken;
}
