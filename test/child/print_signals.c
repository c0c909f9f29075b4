/* print_signals: lines "blocked 2 10" and "ignored 13": how this program was started. */
#include <signal.h>
#include <stdio.h>

int main(void)
{
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    printf("blocked");
    for (int number = 1; number < 65; number++) {
        if (sigismember(&mask, number) == 1) printf(" %d", number);
    }
    printf("\nignored");
    for (int number = 1; number < 65; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) printf(" %d", number);
    }
    printf("\n");
    return 0;
}
