"""The order of work, and what a machine hands out: all without a process."""

from toy_jobs import Gate, ToyJob

from headstart.study.jobs.base import Needs
from headstart.study.running.launchers.queue import Queue
from headstart.study.running.launchers.slots import Grant, Sites, Slots

PAIR = Needs(cpus=2)


def all_fit(needs):
    return True


def numbers(jobs):
    return [job.number for job in jobs]


def test_workers_share_a_group_but_never_mix_groups():
    jobs = [ToyJob(n, family="low" if n < 8 else "high") for n in range(16)]
    queue = Queue(jobs, workers=2)
    taken = []
    while part := queue.take(all_fit):
        assert len({job.family for job in part}) == 1
        taken += part
        for job in part:
            queue.finish(job)
    assert sorted(numbers(taken)) == list(range(16))
    assert numbers(taken[:2]) == [15, 14]
    assert queue.empty


def test_what_may_end_the_study_goes_before_what_costs_more():
    queue = Queue([ToyJob(9), Gate(1)], workers=2)
    assert [numbers(queue.take(all_fit)) for _ in range(2)] == [[1], [9]]


def test_a_failed_job_waits_for_what_else_is_ready_and_then_fails_with_its_dependents():
    bad, good = ToyJob(9), ToyJob(1)
    child = ToyJob(2, below=(bad, good))
    grandchild = ToyJob(3, below=(child,))
    queue = Queue([bad, good, child, grandchild], workers=1)
    assert queue.take(all_fit) == [bad]
    assert queue.retry(bad)
    assert queue.take(all_fit) == [good]
    queue.finish(good)
    assert queue.take(all_fit) == [bad]
    assert not queue.retry(bad)
    failed = {job.number: reason for job, reason in queue.fail(bad, "it is bad").values()}
    reason = "needs toy 9, which failed: it is bad"
    assert failed == {9: "it is bad", 2: reason, 3: reason}
    assert queue.empty


def test_what_only_failed_jobs_were_to_use_is_given_up():
    """Labels that are no answers to one task end the work for it, and no other."""
    check = Gate(1)
    alone, shared = ToyJob(9), ToyJob(8)
    point = ToyJob(2, below=(alone, shared, check))
    queue = Queue([check, alone, shared, point, ToyJob(3, below=(shared,))], workers=1)
    assert queue.take(all_fit) == [check]
    assert queue.retry(check)
    assert queue.take(all_fit) == [check]
    failed = {job.number: reason for job, reason in queue.fail(check, "no answers").values()}
    assert failed == {
        1: "no answers",
        2: "needs toy 1, which failed: no answers",
        9: "of no use without toy 1, which failed: no answers",
    }
    assert queue.take(all_fit) == [shared]


def test_a_large_job_gets_its_turn_when_more_waits_for_it_than_it_delays():
    slots = Slots(cpus=2, gpus=0)
    large = ToyJob(5, wants=PAIR)
    small = [ToyJob(number) for number in (4, 3, 2)]
    queue = Queue([large, *small, ToyJob(1, below=(large,))], workers=2)
    running = slots.grant(Needs())
    assert queue.take(slots.fits) == [small[0]]  # 5 + 1 wait, 4 + 3 + 2 would be delayed
    queue.finish(small[0])
    assert queue.take(slots.fits) == []  # 5 + 1 wait, 3 + 2 would be delayed
    slots.give_back(running)
    assert queue.take(slots.fits) == [large]


def test_what_waits_for_gpus_is_in_the_way_of_nothing_on_cores():
    slots = Slots(cpus=4, gpus=1)
    slots.grant(Needs(gpus=0.25))
    whole = ToyJob(9, wants=Needs(gpus=1))
    queue = Queue([whole, ToyJob(2, wants=Needs(gpus=0.25)), ToyJob(1)], workers=4)
    assert [numbers(queue.take(slots.fits)) for _ in range(2)] == [[1], []]


def test_cores_are_granted_as_asked_or_as_they_are_free():
    slots = Slots(cpus=4, gpus=0)
    grants = [slots.grant(needs) for needs in (Needs(), PAIR, Needs(up_to=9))]
    assert [grant.cpus for grant in grants] == [1, 2, 1]
    assert not slots.fits(Needs())
    for grant in grants[:2]:
        slots.give_back(grant)
    assert slots.grant(Needs(up_to=9)).cpus == 3
    slots.give_back(grants[2])
    assert not slots.fits(PAIR)
    assert Slots(cpus=1, gpus=0).grant(PAIR).cpus == 1


def test_runs_are_spread_over_gpus_and_whole_ones_are_kept_for_one_job():
    slots = Slots(cpus=99, gpus=3)
    shared = [slots.grant(Needs.on("cuda")) for _ in range(4)]
    assert sorted(grant.gpus for grant in shared) == [(0,), (0,), (1,), (2,)]
    both = Needs.on("cuda", 2)
    assert not slots.fits(both)
    for grant in shared:
        if grant.gpus != (1,):
            slots.give_back(grant)
    whole = slots.grant(both)
    assert whole.gpus == (0, 2)
    assert [slots.grant(Needs.on("cuda")).gpus for _ in range(3)] == [(1,)] * 3
    assert not slots.fits(Needs.on("cuda"))
    slots.give_back(whole)
    assert slots.fits(both)
    assert not slots.possible(Needs.on("cuda", 4))


def test_a_job_goes_to_the_freest_machine_that_has_all_it_needs():
    sites = Sites({"small": Slots(cpus=1, gpus=0), "large": Slots(cpus=4, gpus=0), "gpu": Slots(cpus=2, gpus=1)})
    assert [sites.grant(Needs()).site for _ in range(4)] == ["large", "large", "large", "gpu"]
    assert sites.grant(Needs.on("cuda")).site == "gpu"
    assert not sites.fits(Needs.on("cuda"))
    assert not sites.fits(PAIR)  # and a machine with one core does not take it, for another has two
    assert (sites.gpus, sites.possible(Needs.on("cuda", 2))) == (1, False)
    sites.close("gpu")
    assert (sites.gpus, sites.possible(Needs.on("cuda")), len(sites)) == (0, False, 2)


def test_what_workers_hold_together_is_no_more_than_there_is():
    slots = Slots(cpus=3, gpus=1)
    one, half = Grant(1), Grant(1, (0,), 0.5)
    assert slots.hold([one, half, half])
    assert not slots.hold([one, one, one, one])
    assert not slots.hold([half, half, half])


def test_a_run_gets_as_much_of_a_gpu_as_one_like_it_took():
    """As it says until then; never less than the largest that was seen; whole GPUs and cores are left alone."""
    small = [ToyJob(number, wants=Needs(gpus=0.25)) for number in (1, 2, 3, 4)]
    whole, on_cpu = ToyJob(8, wants=Needs(gpus=2.0, cpus=2)), ToyJob(9)
    queue = Queue([*small, whole, on_cpu], workers=4)
    assert queue.needs(small[0]).gpus == 0.25
    queue.learn(small[0], 0.1)
    assert 0.125 <= queue.needs(small[1]).gpus < 0.15
    queue.learn(small[1], 0.01)
    assert queue.needs(small[1]).gpus >= 0.125
    taken = queue.take(lambda needs: 0 < needs.gpus < 0.2)
    assert {job.number for job in taken} <= {1, 2, 3, 4}
    assert taken
    queue.learn(small[2], 0.9)
    assert queue.needs(small[3]) == Needs(gpus=1.0)
    assert queue.needs(whole) == whole.needs
    assert queue.needs(on_cpu) == on_cpu.needs
