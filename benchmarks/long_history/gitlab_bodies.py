"""GitLab's pipelines and jobs with the fields that its REST API documents."""

from benchmarks.long_history.shape import JOBS_PER_PULL_REQUEST, Shape, iso, sha_of

WEB = "https://gitlab.example"
_FAILING = 3
_NAMES = ("lint", "types", "unit", "contract", "build", "image", "scan", "integration", "browser", "publish")


class GitlabBodies:
    """Records as JSON text."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def pipeline(self, number: int, *, as_of: int) -> str:
        """The pipeline of a pull request: it runs for 20 minutes."""
        shape = self._shape
        begun = shape.opened_at(number)
        ended = begun + 1_200
        return (
            f'{{"id":{number + 1},"iid":{number // shape.repositories + 1},'
            f'"project_id":{number % shape.repositories + 1},"sha":"{sha_of(-number - 1)}","ref":"basket-{number}",'
            f'"status":"{("failed" if number % 9 == 0 else "success") if ended <= as_of else "running"}",'
            f'"source":"push","created_at":"{iso(begun)}","updated_at":"{iso(min(ended, as_of))}",'
            f'"web_url":"{WEB}/{shape.repository(number)}/-/pipelines/{number + 1}","name":null}}'
        )

    def jobs(self, number: int) -> list[str]:
        """The jobs of a pull request's pipeline, newest first as the API lists them."""
        shape = self._shape
        begun, web = shape.opened_at(number), f"{WEB}/{shape.repository(number)}"
        sha, person = sha_of(-number - 1), number % shape.people
        login = f"user-{person:05d}"
        account = (
            f'{{"id":{1_000 + person},"username":"{login}","public_email":"","name":"{login}","state":"active",'
            f'"locked":false,"avatar_url":"{WEB}/uploads/{login}.png","web_url":"{WEB}/{login}",'
            f'"created_at":"2023-02-01T08:00:00.000Z","bio":"","location":"","linkedin":"","twitter":"","discord":"",'
            f'"website_url":"","github":"","organization":"","job_title":"","pronouns":null,"bot":false,'
            f'"work_information":null,"followers":0,"following":0,"local_time":null}}'
        )
        commit = (
            f'{{"id":"{sha}","short_id":"{sha[:8]}","created_at":"{iso(begun)}","parent_ids":["{sha_of(number)}"],'
            f'"title":"Keep the basket","message":"Keep the basket","author_name":"{login}",'
            f'"author_email":"{login}@acme.example","authored_date":"{iso(begun)}","committer_name":"{login}",'
            f'"committer_email":"{login}@acme.example","committed_date":"{iso(begun)}","trailers":{{}},'
            f'"extended_trailers":{{}},"web_url":"{web}/-/commit/{sha}"}}'
        )
        pipeline = (
            f'{{"id":{number + 1},"iid":{number // shape.repositories + 1},'
            f'"project_id":{number % shape.repositories + 1},"sha":"{sha}","ref":"basket-{number}",'
            f'"status":"success","source":"push","created_at":"{iso(begun)}","updated_at":"{iso(begun + 1_200)}",'
            f'"web_url":"{web}/-/pipelines/{number + 1}"}}'
        )
        return [
            self._job(
                number, place, head=f'"user":{account},"commit":{commit},"pipeline":{pipeline}', web=web
            )
            for place in reversed(range(JOBS_PER_PULL_REQUEST))
        ]

    def _job(self, number: int, place: int, *, head: str, web: str) -> str:
        key = number * JOBS_PER_PULL_REQUEST + place + 1
        created = self._shape.opened_at(number)
        begun = created + 60 * place + 5
        return (
            f'{{"id":{key},"status":"{"failed" if place == _FAILING and number % 9 == 0 else "success"}","stage":"test",'
            f'"name":"{_NAMES[place]}","ref":"basket-{number}","tag":false,"coverage":null,"allow_failure":false,'
            f'"created_at":"{iso(created)}","started_at":"{iso(begun)}","finished_at":"{iso(begun + 300)}",'
            f'"erased_at":null,"duration":300.412,"queued_duration":4.718,{head},'
            f'"failure_reason":null,"web_url":"{web}/-/jobs/{key}","project":{{"ci_job_token_scope_enabled":false}},'
            f'"artifacts":[{{"file_type":"trace","size":19874,"filename":"job.log","file_format":null}}],'
            f'"runner":{{"id":12,"description":"shared-runner","ip_address":null,"active":true,"paused":false,'
            f'"is_shared":true,"runner_type":"instance_type","name":"gitlab-runner","online":true,"status":"online"}},'
            f'"runner_manager":null,"artifacts_expire_at":null,"archived":false,"tag_list":["linux"]}}'
        )
