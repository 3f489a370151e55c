/* Sends commands, in JSON, to the monitor of a Ceph cluster, one after the other. Ceph's own program
 * for it is in Python. The declarations are those of rados/librados.h, which is in another package. */
#include <stdio.h>
#include <string.h>

int rados_create(void **cluster, const char *user);
int rados_conf_read_file(void *cluster, const char *path);
int rados_conf_parse_argv(void *cluster, int count, const char **arguments);
int rados_connect(void *cluster);
int rados_mon_command(void *cluster, const char **command, size_t commands, const char *input,
                      size_t input_length, char **output, size_t *output_length, char **status,
                      size_t *status_length);
void rados_shutdown(void *cluster);

static int failed(const char *what, int negated, const char *why)
{
    fprintf(stderr, "%s: %s %s\n", what, strerror(-negated), why);
    return 1;
}

int main(int count, char **arguments)
{
    /* As for the daemons. */
    const char *options[] = {arguments[0], "--no-mon-config"};
    void *cluster;
    int result = rados_create(&cluster, NULL);
    if (result >= 0)
        result = rados_conf_read_file(cluster, NULL);
    if (result >= 0)
        result = rados_conf_parse_argv(cluster, 2, options);
    if (result >= 0)
        result = rados_connect(cluster);
    if (result < 0)
        return failed("cannot connect", result, "");
    for (int number = 1; number < count; number++) {
        const char *command = arguments[number];
        char *output, *status;
        size_t output_length, status_length;
        result = rados_mon_command(cluster, &command, 1, "", 0, &output, &output_length, &status,
                                   &status_length);
        if (result < 0)
            return failed(command, result, status_length ? status : "");
    }
    rados_shutdown(cluster);
    return 0;
}
