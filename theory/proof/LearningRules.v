(** * The update rules near rest

    C-EP's rule and C-VF's vanish at rest and are differentiable there; the derivative depends on
    the change of the state only: [d2Phi/(dtheta ds) (s' - s)] for C-EP ([ep_rule_diff]) and
    [H (s' - s)] for C-VF ([vf_rule_diff]). *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics.
Set Implicit Arguments.
Open Scope R_scope.

Section Rule.
Variables State Param : NM.
Notation Z := (prod_NormedModule R_AbsRing State Param).
Notation ZS := (prod_NormedModule R_AbsRing Z State).

Variables (s_star : State) (theta : Param).
Lemma lin_swap : is_linear (U := ZS) (V := Z) (fun p => (snd p, snd (fst p))).
Proof.
apply (@is_linear_prod R_AbsRing ZS State Param (fun p => snd p) (fun p => snd (fst p))).
apply (@is_linear_snd R_AbsRing Z State).
apply (@is_linear_comp R_AbsRing ZS Z Param (fun p => fst p) (fun p => snd p)).
apply (@is_linear_fst R_AbsRing Z State). apply (@is_linear_snd R_AbsRing State Param).
Qed.
Lemma ep_rule_diff (Phi_theta : State * Param -> Param) (DPhi_theta : State * Param -> Param) :
  filterdiff (U := Z) Phi_theta (locally ((s_star, theta) : Z)) DPhi_theta ->
  filterdiff (U := ZS) (ep_rule Phi_theta) (locally (((s_star, theta), s_star) : ZS))
    (fun h => DPhi_theta (minus (snd h) (fst (fst h)), zero)).
Proof.
intros HG.
assert (D1 : filterdiff (U := ZS) (fun p => Phi_theta (snd p, snd (fst p))) (locally (((s_star, theta), s_star) : ZS)) (fun h => DPhi_theta (snd h, snd (fst h)))).
{ apply (@filterdiff_comp' R_AbsRing ZS Z Param (fun p => (snd p, snd (fst p))) Phi_theta ((s_star, theta), s_star) (fun p => (snd p, snd (fst p))) DPhi_theta).
  apply filterdiff_linear. apply lin_swap. exact HG. }
assert (D2 : filterdiff (U := ZS) (fun p => Phi_theta (fst p)) (locally (((s_star, theta), s_star) : ZS)) (fun h => DPhi_theta (fst h))).
{ apply (@filterdiff_comp' R_AbsRing ZS Z Param (fun p => fst p) Phi_theta ((s_star, theta), s_star) (fun p => fst p) DPhi_theta).
  apply filterdiff_linear. apply (@is_linear_fst R_AbsRing Z State). exact HG. }
eapply filterdiff_ext_lin. apply (filterdiff_minus_fct _ _ _ _ D1 D2).
intros [[a b] c]; simpl. destruct HG as [HlG _].
transitivity (DPhi_theta (minus ((c, b) : Z) ((a, b) : Z))).
symmetry. exact (@linear_minus R_AbsRing Z Param DPhi_theta (c, b) (a, b) HlG).
f_equal. apply injective_projections; simpl. reflexivity.
change (minus b b = zero). module Param.
Qed.
Lemma ep_rule_cont (Phi_theta : State * Param -> Param) :
  locally ((s_star, theta) : Z) (fun z => continuous (Phi_theta : Z -> Param) z) ->
  locally (((s_star, theta), s_star) : ZS) (fun p => continuous (ep_rule Phi_theta : ZS -> Param) p).
Proof.
intros HG.
assert (C1 : @continuous ZS Z (fun p : ZS => (snd p, snd (fst p)) : Z) ((s_star, theta), s_star)) by apply linear_cont, lin_swap.
assert (C2 : @continuous ZS Z (fun p : ZS => fst p) ((s_star, theta), s_star)) by apply linear_cont, is_linear_fst.
assert (N1 : locally (((s_star, theta), s_star) : ZS) (fun p : ZS => continuous (Phi_theta : Z -> Param) ((snd p, snd (fst p)) : Z))) by exact (C1 _ HG).
assert (N2 : locally (((s_star, theta), s_star) : ZS) (fun p : ZS => continuous (Phi_theta : Z -> Param) (fst p))) by exact (C2 _ HG).
assert (NN := filter_and _ _ N1 N2).
refine (@filter_imp ZS (locally (((s_star, theta), s_star) : ZS)) _ _ _ _ NN). intros p [X1 X2].
unfold ep_rule. apply (@flim_minus ZS (locally p) _ Param).
- eapply filterlim_comp. 2: exact X1. apply (linear_cont (U := ZS) (V := Z) _ p lin_swap).
- eapply filterlim_comp. 2: exact X2. apply (linear_cont (U := ZS) (V := Z) _ p (@is_linear_fst R_AbsRing Z State)).
Qed.
Lemma vf_rule_diff (H : State * Param -> State -> Param) :
  is_linear (H (s_star, theta)) ->
  (forall eps : posreal, locally ((s_star, theta) : Z) (fun z => forall w, norm (minus (H z w) (H (s_star, theta) w)) <= eps * norm w)) ->
  filterdiff (U := ZS) (vf_rule H) (locally (((s_star, theta), s_star) : ZS))
    (fun h => H (s_star, theta) (minus (snd h) (fst (fst h)))).
Proof.
intros Hl Hc. set (H0 := H (s_star, theta)) in *.
assert (L1 : is_linear (U := ZS) (V := State) (fun h => fst (fst h))).
{ apply (@is_linear_comp R_AbsRing ZS Z State (fun p => fst p) (fun p => fst p)); apply is_linear_fst. }
assert (L2 : is_linear (U := ZS) (V := State) (fun h => minus (snd h) (fst (fst h)))).
{ assert (L3 := @is_linear_comp R_AbsRing ZS State State _ _ L1 (@is_linear_opp R_AbsRing State)).
  exact (@is_linear_comp R_AbsRing ZS _ State _ _ (@is_linear_prod R_AbsRing ZS State State _ _ (@is_linear_snd R_AbsRing Z State) L3) (@is_linear_plus R_AbsRing State)). }
split. exact (@is_linear_comp R_AbsRing ZS State Param _ _ L2 Hl).
intros x Hx.
assert (E := @is_filter_lim_locally_unique R_AbsRing ZS _ _ Hx). subst x.
intros eps.
destruct (linear_norm _ L2) as [M [HM0 HM]].
assert (He : 0 < eps / M) by (apply Rdiv_lt_0_compat; auto; apply cond_pos).
assert (C2 : @continuous ZS Z (fun p : ZS => fst p) ((s_star, theta), s_star)) by apply linear_cont, is_linear_fst.
assert (N2 : locally (((s_star, theta), s_star) : ZS) (fun p : ZS => forall w, norm (minus (H (fst p) w) (H (s_star, theta) w)) <= eps / M * norm w)) by exact (C2 _ (Hc (mkposreal _ He))).
refine (@filter_imp ZS (locally (((s_star, theta), s_star) : ZS)) _ _ _ _ N2). intros [[s th] s'] HH. simpl in HH.
unfold vf_rule; simpl. fold H0.
set (q := minus ((s, th, s') : ZS) ((s_star, theta, s_star) : ZS)).
assert (E0 : minus s_star s_star = zero) by module State.
assert (E1 : H0 (minus s_star s_star) = zero) by (rewrite E0; exact (linear_zero _ Hl)).
assert (E2 : minus (minus s' s_star) (minus s s_star) = minus s' s) by module State.
change (norm (minus (minus (H (s, th) (minus s' s)) (H0 (minus s_star s_star))) (H0 (minus (minus s' s_star) (minus s s_star)))) <= eps * norm q).
rewrite E1, E2.
assert (E3 : minus (minus (H (s, th) (minus s' s)) zero) (H0 (minus s' s)) = minus (H (s, th) (minus s' s)) (H0 (minus s' s))) by module Param.
rewrite E3. eapply Rle_trans. apply HH.
assert (X := HM q). change (norm (minus (minus s' s_star) (minus s s_star)) <= M * norm q) in X. rewrite E2 in X.
apply Rle_trans with (eps / M * (M * norm q)). apply Rmult_le_compat_l. lra. exact X.
right. field. lra.
Qed.
End Rule.
