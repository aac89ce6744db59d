// SPDX-License-Identifier: Apache-2.0
#include "agent/service.h"

#include "agent/cycle.h"
#include "agent/once.h"
#include "agent/report.h"
#include "agent/schedule.h"
#include "agent/state_file.h"
#include "agent/tally.h"
#include "base/clock.h"
#include "base/mem.h"
#include "version.h"

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

// How long a push in flight may go on after SIGTERM.
enum { GRACE_S = 5 };

struct service {
	struct config *config; // borrowed; only its secrets ever change, between cycles
	struct event_base *base;
	struct event *timer, *grace;
	struct event *signals[4];
	struct cycle_env env;
	struct selection all, due; // what cycles may be about; what the last tick was about
	struct schedule schedule;
	uint64_t n_turns;     // of the timer, but for ticks that were skipped
	struct cycle *cycle;  // NULL: at rest
	bool stopping, again; // again: SIGUSR1 came during a cycle
	struct once *once;    // NULL: a daemon
};

static void start_cycle(struct service *service, const struct selection *selection);

// Cycles

static void rest(struct service *service)
{
	if (service->stopping || service->once)
		event_base_loopbreak(service->base);
	else if (service->again)
		start_cycle(service, &service->all);
}

static void on_cycle_done(void *arg, struct cycle *cycle)
{
	struct service *service = arg;

	if (service->once)
		once_finish(service->once, cycle, service->stopping);
	if (cycle_was_refused(cycle))
		config_refresh_secrets(service->config);
	cycle_free(cycle);
	service->cycle = NULL;
	rest(service);
}

static void start_cycle(struct service *service, const struct selection *selection)
{
	service->again = false;
	selection_copy(service->config, &service->env.selection, selection);
	service->cycle = cycle_new(&service->env, on_cycle_done, service);
	cycle_start(service->cycle);
}

// The turn of those sinks that are due. Where it comes during a cycle it is not lost to them: the next tick
// takes it.
static void take_turn(struct service *service)
{
	bool any =
		selection_of_cycle(service->config, &service->all, service->n_turns, &service->due);

	if (any && service->cycle) {
		service->env.tally->n_skipped++;
		return;
	}
	service->n_turns++;
	if (any)
		start_cycle(service, &service->due);
}

static void set_timer(struct service *service)
{
	int64_t wait_ns = service->schedule.next_ns - clock_monotonic_ns();
	struct timeval wait = { 0, 0 };

	if (wait_ns > 0) {
		wait.tv_sec = wait_ns / NS_PER_S;
		wait.tv_usec = wait_ns % NS_PER_S / 1000 + 1;
	}
	event_add(service->timer, &wait);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct service *service = arg;
	int64_t now_ns = clock_monotonic_ns();

	(void)fd, (void)what;
	if (now_ns >= service->schedule.next_ns) {
		schedule_tick(&service->schedule, now_ns);
		take_turn(service);
	}
	set_timer(service);
}

// Signals

static void on_grace_over(evutil_socket_t fd, short what, void *arg)
{
	struct service *service = arg;

	(void)fd, (void)what;
	http_cancel_all(service->env.http);
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct service *service = arg;
	struct timeval grace = { GRACE_S, 0 };

	(void)what;
	if (service->stopping)
		return;
	service->stopping = true;
	log_info("stopping", log_text("signal", fd == SIGTERM ? STR("SIGTERM") : STR("SIGINT")));
	event_del(service->timer);
	event_add(service->grace, &grace);
	if (service->cycle)
		cycle_stop(service->cycle);
	else
		rest(service);
}

static void on_push_now(evutil_socket_t fd, short what, void *arg)
{
	struct service *service = arg;

	(void)fd, (void)what;
	if (service->stopping)
		return;
	log_info("pushing now", log_text("signal", STR("SIGUSR1")));
	if (service->cycle)
		service->again = true;
	else
		start_cycle(service, &service->all);
}

static void on_hangup(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
	log_warn("this version cannot reload; restart it to read the configuration again",
		log_text("signal", STR("SIGHUP")));
}

// Life

static void on_libevent_message(int severity, const char *message)
{
	if (severity != EVENT_LOG_DEBUG)
		log_error("libevent complains", log_text("error", str_of(message)));
}

static void open_service(struct service *service, struct config *config)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGUSR1, SIGHUP };
	static const event_callback_fn callbacks[] = { on_stop, on_stop, on_push_now, on_hangup };

	event_set_log_callback(on_libevent_message);
	service->base = mem_must(event_base_new());
	service->timer = mem_must(event_new(service->base, -1, 0, on_tick, service));
	service->grace = mem_must(event_new(service->base, -1, 0, on_grace_over, service));
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		service->signals[i] =
			mem_must(evsignal_new(service->base, numbers[i], callbacks[i], service));
		event_add(service->signals[i], NULL);
	}
	service->config = config;
	service->env.config = config;
	service->env.tally = tally_new(config);
	service->env.http = http_new(service->base);
	service->env.selection = selection_new(config);
	service->all = selection_new(config);
	service->due = selection_new(config);
}

static void close_service(struct service *service)
{
	cycle_free(service->cycle);
	http_free(service->env.http);
	state_file_free(service->env.state_file);
	tally_free(service->env.tally);
	selection_free(&service->env.selection);
	selection_free(&service->all);
	selection_free(&service->due);
	for (size_t i = 0; i < ARRAY_LEN(service->signals); i++)
		event_free(service->signals[i]);
	event_free(service->timer);
	event_free(service->grace);
	event_base_free(service->base);
	libevent_global_shutdown();
}

// The machine's id (machine-id(5)), so that agents with one configuration do not push in step.
static struct str read_machine_id(char *text, size_t size)
{
	int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size);

	if (fd >= 0)
		close(fd);
	return n > 0 ? str_trim((struct str){ text, (size_t)n }) : STR("");
}

enum exit_code service_run(struct config *config)
{
	struct service service = { 0 };
	char text[128];
	struct str machine_id = read_machine_id(text, sizeof(text));
	char *path = realpath(config->path.ptr, NULL); // however the file was named
	int64_t phase_ns = schedule_phase(machine_id.len ? machine_id : config->hostname,
		path ? str_of(path) : config->path, config->splay_ms * NS_PER_MS);

	free(path);
	open_service(&service, config);
	service.env.push = true;
	service.env.is_daemon = true;
	service.schedule = schedule_start(config->interval_ms * NS_PER_MS, phase_ns,
		config->splay_ms > 0, clock_monotonic_ns(), clock_wall_ns());
	log_info("started", log_text("version", STR(BROKERPUSH_VERSION)),
		log_text("config", config->path), log_number("sources", (int64_t)config->n_sources),
		log_number("sinks", (int64_t)config->n_sinks),
		log_number("interval_ms", config->interval_ms));
	service.env.state_file = state_file_open(service.env.tally);
	take_turn(&service);
	set_timer(&service);
	event_base_dispatch(service.base);
	state_file_save(service.env.state_file);
	log_info("stopped", log_number("skipped_cycles", (int64_t)service.env.tally->n_skipped));
	close_service(&service);
	return EXIT_GOOD;
}

enum exit_code service_run_once(struct config *config, const struct options *options)
{
	struct service service = { 0 };
	struct once once = { .config = config, .options = options };

	open_service(&service, config);
	service.once = &once;
	service.env.push = options->mode == MODE_ONCE;
	service.env.shows = options->mode == MODE_SHOW;
	service.env.shows_all = options->all;
	service.env.explains = options->explain;
	if (once_select(&once, &service.all)) {
		if (!service.env.shows)
			state_file_read(service.env.tally);
		start_cycle(&service, &service.all);
		event_base_dispatch(service.base);
	}
	close_service(&service);
	return once.code;
}
