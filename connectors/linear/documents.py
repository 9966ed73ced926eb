"""What we ask of Linear's GraphQL: each document, by the name of its operation.

Each is held against Linear's schema in the tests, with the variables that it is sent with.
"""

from __future__ import annotations

PAGE = 100
_ISSUE = """
  id identifier previousIdentifiers title url createdAt updatedAt archivedAt trashed
  state { id name type } team { id key } creator { id }
"""
_COMMENT = "id issue { id } user { id }"
_PAGE_INFO = "pageInfo { hasNextPage endCursor }"

WHO = "query Who { viewer { id name displayName } organization { id name urlKey } }"
TEAM = f"""query Team($key: String!) {{
  teams(filter: {{ key: {{ eq: $key }} }}, first: 1) {{
    nodes {{
      id key name visibility archivedAt retiredAt
      states(first: {PAGE}) {{ nodes {{ id name type position }} }}
    }}
  }}
}}"""
WEBHOOKS = f"""query Webhooks {{
  webhooks(first: {PAGE}) {{ nodes {{ id enabled resourceTypes allPublicTeams teamIds team {{ id }} }} }}
}}"""
ISSUE = f"query Issue($id: String!) {{ issue(id: $id) {{ {_ISSUE} }} }}"
CHANGED = f"""query Changed($team: String!, $since: DateTimeOrDuration!, $after: String) {{
  issues(
    filter: {{
      updatedAt: {{ gte: $since }}
      or: [{{ team: {{ key: {{ eq: $team }} }} }}, {{ creator: {{ isMe: {{ eq: true }} }} }}]
    }}
    includeArchived: true, orderBy: createdAt, first: {PAGE}, after: $after
  ) {{ nodes {{ {_ISSUE} }} {_PAGE_INFO} }}
}}"""
COMMENT = f"query Comment($id: String!) {{ comment(id: $id) {{ {_COMMENT} }} }}"
OPEN = """mutation Open($input: IssueCreateInput!) {
  issueCreate(input: $input) { success issue { id identifier } }
}"""
MOVE = """mutation Move($id: String!, $input: IssueUpdateInput!) {
  issueUpdate(id: $id, input: $input) { success }
}"""
SAY = """mutation Say($input: CommentCreateInput!) {
  commentCreate(input: $input) { success comment { id } }
}"""
