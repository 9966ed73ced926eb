"""How were a week's promises kept?"""
