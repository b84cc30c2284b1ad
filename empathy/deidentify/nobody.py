"""Words with a capital that stand where names and towns do, and are nobody's."""

from __future__ import annotations

# As words with blanks between, for they are easier to read and to add to.
_WORDS = """
    mr mrs ms miss dr dra sr sra prof seu dona irish scottish welsh italian german french spanish
    mexican latino brazilian portuguese catholic christian jewish muslim baptist
    a o os as um uma eu ele ela nós você vocês meu minha seu sua não sim mas que quando onde como
    deus jesus cristo senhor senhora nossa brasil igreja estado governo prefeitura hospital caps
    natal páscoa carnaval ano réveillon bíblia internet facebook instagram whatsapp google netflix
    youtube uber samu sus ubs posto universidade faculdade escola janeiro fevereiro março abril
    maio junho julho agosto setembro outubro novembro dezembro segunda terça quarta quinta sexta
    sábado domingo português inglês brasileiro alcoólicos narcóticos anônimos
    i i'm i'll i've he she it we you they my your his her our their the this that these those and
    but so because when where what who why how if yes no not just really very well okay god lord
    christ bible christmas easter monday tuesday wednesday thursday friday saturday sunday january
    february march april may june july august september october november december english american
    alcoholics narcotics anonymous church hospital university school state america medicaid
    medicare mom mum dad mother father grandma grandpa both all maybe sometimes then there here
    mãe pai vó vô tia tio doutor doutora
"""
NOBODY = frozenset(_WORDS.split())
