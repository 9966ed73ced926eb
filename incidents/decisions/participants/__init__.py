"""Who takes part besides helpdesk, on-call tool and chat: the status page, on approval, and the issue tracker."""
