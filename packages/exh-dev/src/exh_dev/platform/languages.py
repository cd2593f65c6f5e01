"""The language codes that the platform takes, as its page on the localization service lists them.

They are those of ISO 639-1, and some more; the official command line has the same list.
"""

LANGUAGES = frozenset(  # as a list, each would take a line of its own
    "EN AA AB AE AF AK AM AN AR AS AV AY AZ BA BE BG BH BI BM BN BO BR BS CA CE CH CO CR CS CU CV CY DA DE DV DZ EE EL "  # noqa: SIM905 - a list of 200 strings would be a page
    "EO ES ET EU FA FF FI FJ FO FR FY GA GD GL GN GU GV HA HE HI HO HR HT HU HY HZ IA ID IE IG II IK IN IO IS IT IW IU "
    "JA JI JW JV KA KG KI KJ KK KL KM KN KO KR KS KU KV KW KY LA LB LG LI LN LO LT LU LV MG MH MI MK ML MN MO MR MS MT "
    "MY NA NB ND NE NG NL NN NO NR NV NY OC OJ OM OR OS PA PI PL PS PT QU RM RN RO RU RW SA SC SD SE SG SH SI SK SL SM "
    "SN SO SQ SR SS ST SU SV SW TA TE TG TH TI TK TL TN TO TR TS TT TW TY UG UK UR UZ VE VI VO WA WO XH YI YO ZA ZH "
    "ZU".split()
)
