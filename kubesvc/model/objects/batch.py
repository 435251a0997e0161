"""Jobs and CronJobs: workloads whose pods come and go."""

from kubesvc.model.objects.meta import Condition, Obj, Part, Time
from kubesvc.model.objects.workload import PodTemplate


class JobSpec(Part, frozen=True, kw_only=True):
    """JobSpec; a suspended Job has no pods."""

    suspend: bool = False
    template: PodTemplate = PodTemplate()


class JobStatus(Part, frozen=True, kw_only=True):
    """JobStatus; `active` counts pods that have not finished."""

    active: int = 0
    conditions: tuple[Condition, ...] = ()


class Job(Obj, frozen=True, kw_only=True):
    """A Job."""

    kind: str = "Job"
    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()

    @property
    def template(self) -> PodTemplate:
        """What its pods are made from."""
        return self.spec.template

    @property
    def finished(self) -> Condition | None:
        """The condition that ended it, Complete or Failed (pkg/controller/job/utils.go, IsJobFinished)."""
        ends = ("Complete", "Failed")
        return next((c for c in self.status.conditions if c.type in ends and c.status == "True"), None)


class JobTemplate(Part, frozen=True, kw_only=True):
    """What a CronJob's Jobs are made from."""

    spec: JobSpec = JobSpec()


class CronJobSpec(Part, frozen=True, kw_only=True):
    """CronJobSpec."""

    schedule: str = ""
    time_zone: str = ""
    suspend: bool = False
    job_template: JobTemplate = JobTemplate()


class CronJobStatus(Part, frozen=True, kw_only=True):
    """CronJobStatus."""

    last_schedule_time: Time | None = None


class CronJob(Obj, frozen=True, kw_only=True):
    """A CronJob: it makes a Job at each time of its schedule, and no pod itself."""

    kind: str = "CronJob"
    spec: CronJobSpec = CronJobSpec()
    status: CronJobStatus = CronJobStatus()

    @property
    def template(self) -> PodTemplate:
        """What the pods of its Jobs are made from."""
        return self.spec.job_template.spec.template
